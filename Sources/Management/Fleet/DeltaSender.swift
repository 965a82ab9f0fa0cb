import BlueprintCoding
import Blueprints
import Documents
import FleetProtos
import FoundationEssentials
import Publication
import Streams
import SwiftProtobuf

/// What one agent has and what is on its way to it: one delta at a time, and what changes meanwhile
/// is folded into the next.
struct DeltaSender {
  struct Position: Hashable, Sendable {
    var generation: Int64
    var digest: StableHash
  }

  /// A part of a delta is at most about this large, unless a single item is larger.
  static let partSize = 512 << 10

  let epoch: String
  private var held: Position
  private var inFlight: Position?

  /// - Parameter held: what the agent says it has. Numbers of another epoch mean nothing here, but
  ///   when the content is the same, nothing but the numbers is sent.
  init(epoch: String, heldEpoch: String, held: Position) {
    self.epoch = epoch
    self.held =
      heldEpoch == epoch ? held : Position(generation: 0, digest: held.digest)
  }

  /// Whether the agent had items before what is on its way now.
  var agentHasSomething: Bool { held.digest != ItemCoding.emptyDigest }

  /// The newest generation that the agent can know of.
  var newest: Int64 { max(held.generation, inFlight?.generation ?? 0) }

  /// Whether the acknowledgement is for the delta that is on its way.
  mutating func acknowledged(generation: Int64) -> Bool {
    guard let sent = inFlight, sent.generation == generation else { return false }
    held = sent
    inFlight = nil
    return true
  }

  enum Step {
    case wait
    /// The agent has everything.
    case complete(generation: Int64)
    case send(ClusterFeed.Delta)
  }

  mutating func next(from feed: ClusterFeed) -> Step {
    guard inFlight == nil, feed.generation.current > 0 else { return .wait }
    guard let delta = feed.delta(after: held.generation, digest: held.digest) else {
      return .complete(generation: held.generation)
    }
    inFlight = Position(generation: delta.generation, digest: delta.digest)
    return .send(delta)
  }

  /// The messages that `delta` travels in.
  func parts(of delta: ClusterFeed.Delta) -> [Rialto_Fleet_V1_ServerMessage] {
    var parts = [empty(delta)]
    var size = 0
    for key in delta.removals {
      grow(by: key.text.utf8.count + 8, &size, &parts, delta)
      parts[parts.count - 1].removals.append(key.text)
    }
    for item in delta.upserts {
      let sources = item.sources.reduce(0) { $0 + $1.fqn.utf8.count + 16 }
      grow(by: item.bytes.count + item.key.text.utf8.count + sources + 64, &size, &parts, delta)
      parts[parts.count - 1].upserts.append(Rialto_Fleet_V1_Item(item))
    }
    parts[parts.count - 1].last = true
    parts[parts.count - 1].digest = delta.digest.value
    return parts.map { part in .with { $0.delta = part } }
  }

  private func empty(_ delta: ClusterFeed.Delta) -> Rialto_Fleet_V1_ItemDelta {
    .with {
      $0.epoch = epoch
      $0.generation = delta.generation
      $0.revision = delta.revision
      $0.full = delta.full
    }
  }

  private func grow(
    by count: Int, _ size: inout Int, _ parts: inout [Rialto_Fleet_V1_ItemDelta],
    _ delta: ClusterFeed.Delta
  ) {
    if size > 0, size + count > Self.partSize {
      parts.append(empty(delta))
      size = 0
    }
    size += count
  }
}

extension Rialto_Fleet_V1_Item {
  fileprivate init(_ item: EncodedItem) {
    self = .with {
      $0.key = item.key.text
      $0.kind = item.key.text.split(separator: "/").first.map(String.init) ?? ""
      $0.schema = ItemCoding.schema
      $0.hash = item.hash.value
      $0.bytes = Data(item.bytes)
      $0.sources = item.sources.map { source in
        .with {
          $0.fqn = source.fqn
          $0.revision = source.revision
        }
      }
    }
  }
}
