import Documents

/// One event of a stream (the `text/event-stream` format of HTML).
struct ServerSentEvent: Equatable {
  var name: String
  /// The revision that a client has read up to with this event.
  var id: Int64?
  /// JSON without line breaks, so that one `data` line holds it.
  var data: String

  init(name: String, id: Int64?, data: String) {
    self.name = name
    self.id = id
    self.data = data
  }

  init(name: String, id: Int64?, data: Document) {
    self.init(name: name, id: id, data: data.canonicalText)
  }

  var text: String {
    let id = id.map { "id: \($0)\n" } ?? ""
    return "event: \(name)\n\(id)data: \(data)\n\n"
  }
}
