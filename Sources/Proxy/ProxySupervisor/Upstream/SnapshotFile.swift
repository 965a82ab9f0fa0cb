package import DeltaXDS
private import Crypto

/// The last resources that Envoy took, on disk: what a proxy starts from when its agent is gone.
///
/// The format is a header, a body of length-prefixed fields, and the SHA-256 of both. A file that
/// does not check out is worth nothing and is not used in part.
package struct SnapshotFile: Hashable, Sendable {
  package enum Defect: Error, Hashable, Sendable {
    case unknownFormat, wrongDigest, malformed, foreign
  }

  private static let magic = Array("rialto-snapshot-1\n".utf8)
  /// Larger than any configuration of one proxy.
  package static let maximumSize = 256 << 20

  /// Whose configuration it is: another identity gets nothing from it.
  package var nodeID: String
  /// Grows with every write of this proxy.
  package var generation: UInt64
  /// Sorted by type and name.
  package var resources: [Resource]

  package init(nodeID: String, generation: UInt64, resources: [Resource]) {
    self.nodeID = nodeID
    self.generation = generation
    self.resources = resources.sorted {
      ($0.name.type.url, $0.name.name) < ($1.name.type.url, $1.name.name)
    }
  }

  package var bytes: [UInt8] {
    var bytes = Self.magic
    bytes.appendNumber(generation)
    bytes.appendField(nodeID.utf8)
    bytes.appendNumber(UInt64(resources.count))
    for resource in resources {
      bytes.appendField(resource.name.type.url.utf8)
      bytes.appendField(resource.name.name.utf8)
      bytes.appendField(resource.version.utf8)
      bytes.appendField(resource.body)
    }
    return bytes + SHA256.hash(data: bytes)
  }

  package init(parsing bytes: [UInt8]) throws(Defect) {
    guard bytes.starts(with: Self.magic), bytes.count >= Self.magic.count + 32 else {
      throw .unknownFormat
    }
    let body = bytes.dropLast(32)
    guard SHA256.hash(data: body).elementsEqual(bytes.suffix(32)) else { throw .wrongDigest }
    var reader = FieldReader(body.dropFirst(Self.magic.count))
    generation = try reader.number()
    nodeID = try reader.text()
    var resources: [Resource] = []
    for _ in 0..<(try reader.number()) {
      let type = ResourceType(try reader.text())
      let name = try reader.text()
      let version = try reader.text()
      resources.append(
        Resource(name: ResourceName(type, name), version: version, body: Array(try reader.field())))
    }
    guard reader.isAtEnd else { throw .malformed }
    self.resources = resources
  }
}

extension [UInt8] {
  fileprivate mutating func appendNumber(_ number: UInt64) {
    for shift in stride(from: 56, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
    }
  }

  fileprivate mutating func appendField(_ field: some Collection<UInt8>) {
    appendNumber(UInt64(field.count))
    append(contentsOf: field)
  }
}

private struct FieldReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func number() throws(SnapshotFile.Defect) -> UInt64 {
    guard rest.count >= 8 else { throw .malformed }
    defer { rest = rest.dropFirst(8) }
    return rest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func field() throws(SnapshotFile.Defect) -> ArraySlice<UInt8> {
    guard let count = Int(exactly: try number()), count <= rest.count else { throw .malformed }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func text() throws(SnapshotFile.Defect) -> String {
    guard let text = String(validating: try field(), as: UTF8.self) else { throw .malformed }
    return text
  }
}
