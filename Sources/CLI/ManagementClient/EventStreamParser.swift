package import Documents

/// One event of a stream of server-sent events.
package struct ServerEvent: Hashable, Sendable {
  package var name: String
  /// The revision up to which the stream has been read.
  package var id: String?
  package var data: Document
}

/// Cuts a `text/event-stream` into events, in whatever pieces it comes: a value without I/O.
package struct EventStreamParser: Sendable {
  /// No event of ours is larger; an endless line ends the stream.
  package static let largestEvent = 8 << 20

  package struct TooLarge: Error {}

  private var line: [UInt8] = []
  private var name = "message"
  private var id: String?
  private var data: [UInt8] = []

  package init() {}

  /// - Throws: `TooLarge`, or `JSONParser.Failure` when an event holds no JSON.
  package mutating func receive(_ bytes: some Sequence<UInt8>) throws -> [ServerEvent] {
    var events: [ServerEvent] = []
    for byte in bytes {
      guard byte == 0x0A else {
        line.append(byte)
        guard line.count + data.count <= Self.largestEvent else { throw TooLarge() }
        continue
      }
      if line.last == 0x0D { line.removeLast() }
      if let event = try endLine() { events.append(event) }
      line.removeAll(keepingCapacity: true)
    }
    return events
  }

  private mutating func endLine() throws -> ServerEvent? {
    guard !line.isEmpty else { return try endEvent() }
    guard line.first != UInt8(ascii: ":") else { return nil }
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
    var value = line[colon...].dropFirst()
    if value.first == 0x20 { value = value.dropFirst() }
    switch String(decoding: line[..<colon], as: UTF8.self) {
    case "event": name = String(decoding: value, as: UTF8.self)
    case "id": id = String(decoding: value, as: UTF8.self)
    case "data":
      if !data.isEmpty { data.append(0x0A) }
      data += value
    default: break
    }
    return nil
  }

  private mutating func endEvent() throws -> ServerEvent? {
    defer {
      name = "message"
      data.removeAll(keepingCapacity: true)
    }
    guard !data.isEmpty else { return nil }
    return ServerEvent(name: name, id: id, data: try JSONParser.document(from: data))
  }
}
