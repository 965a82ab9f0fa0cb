package import AgentStore
import BlueprintCoding
package import Documents
package import FleetProtos

/// A delta whose parts have all arrived, with what the site's digest is afterwards.
package struct AssembledDelta: Sendable {
  package var epoch: String
  package var generation: Int64
  package var revision: Int64
  package var full: Bool
  package var upserts: [StoredItem]
  package var removals: [String]
  package var digest: StableHash
  /// When the first part arrived, in microseconds on the site's clock.
  package var arrived: Int64
}

/// Puts the parts of deltas together and holds them against what the agent has: nothing older than
/// that, nothing of another epoch than the server said, and the digest must come out right.
package struct DeltaAssembly: Sendable {
  package enum Violation: Error, Hashable, CustomStringConvertible {
    case foreignEpoch(String)
    case older(generation: Int64, than: Int64)
    case mixedParts
    case tooLarge
    case wrongHash(key: String)
    case digestDisagrees(generation: Int64)

    package var description: String {
      switch self {
      case .foreignEpoch(let epoch): "a delta of epoch \(epoch), which the server is not in"
      case .older(let generation, let than):
        "generation \(generation) is older than what is in force, \(than)"
      case .mixedParts: "the parts of two generations are mixed"
      case .tooLarge: "a delta is larger than \(maximumBytes) bytes"
      case .wrongHash(let key): "the content of \(key) does not have its hash"
      case .digestDisagrees(let generation):
        "after generation \(generation) the digest is another than the server's"
      }
    }
  }

  /// Of one delta: far above ten thousand services, far below what hurts.
  package static let maximumBytes = 512 << 20

  /// The hashes of everything held, by key: what the digest is made of.
  private var hashes: [String: StableHash]
  private var position: Position
  private var epoch: String
  private var partial: AssembledDelta?
  private var size = 0

  /// - Parameter epoch: what the server said in its Welcome.
  package init(hashes: [String: StableHash], position: Position, epoch: String) {
    self.hashes = hashes
    self.position = position
    self.epoch = epoch
  }

  /// Takes one part; returns the delta when it was the last one.
  package mutating func take(
    _ part: Rialto_Fleet_V1_ItemDelta, at now: Int64
  ) throws(Violation) -> AssembledDelta? {
    guard part.epoch == epoch else { throw .foreignEpoch(part.epoch) }
    var delta =
      partial
      ?? AssembledDelta(
        epoch: part.epoch, generation: part.generation, revision: part.revision, full: part.full,
        upserts: [], removals: [], digest: StableHash(value: 0), arrived: now)
    guard delta.generation == part.generation, delta.full == part.full else { throw .mixedParts }
    guard position.epoch != epoch || part.generation >= position.generation else {
      throw .older(generation: part.generation, than: position.generation)
    }
    for item in part.upserts {
      let bytes = [UInt8](item.bytes)
      size += bytes.count
      guard size <= Self.maximumBytes else { throw .tooLarge }
      guard StableHash(bytes).value == item.hash else { throw .wrongHash(key: item.key) }
      delta.upserts.append(
        StoredItem(
          key: item.key, kind: item.kind, schema: item.schema,
          hash: StableHash(value: item.hash), bytes: bytes,
          sources: item.sources.map { StoredSource(fqn: $0.fqn, revision: $0.revision) }))
    }
    delta.removals += part.removals
    guard part.last else {
      partial = delta
      return nil
    }
    partial = nil
    size = 0
    try finish(&delta, expecting: StableHash(value: part.digest))
    return delta
  }

  private mutating func finish(
    _ delta: inout AssembledDelta, expecting digest: StableHash
  ) throws(Violation) {
    // In place: a violation ends the stream, and the next one begins with what is stored.
    if delta.full { hashes = [:] }
    var current = delta.full ? ItemCoding.emptyDigest : position.digest
    for key in delta.removals {
      if let hash = hashes.removeValue(forKey: key) {
        current = current ^ ItemCoding.contribution(key: key, hash: hash)
      }
    }
    for item in delta.upserts {
      if let hash = hashes.updateValue(item.hash, forKey: item.key) {
        current = current ^ ItemCoding.contribution(key: item.key, hash: hash)
      }
      current = current ^ ItemCoding.contribution(key: item.key, hash: item.hash)
    }
    guard current == digest else { throw .digestDisagrees(generation: delta.generation) }
    position = Position(epoch: delta.epoch, generation: delta.generation, digest: current)
    delta.digest = current
  }
}
