import AgentStore
import BlueprintCoding
import Blueprints
import ClusterAgent
import Documents
import FleetProtos
import Foundation
import SwiftProtobuf
import Testing

@Suite struct DeltaAssemblyTests {
  private func item(_ key: String, _ text: String) -> Rialto_Fleet_V1_Item {
    .with {
      $0.key = key
      $0.hash = StableHash(text).value
      $0.bytes = Data(text.utf8)
    }
  }

  private func part(
    _ generation: Int64, _ items: [Rialto_Fleet_V1_Item], full: Bool = false, last: Bool = true,
    digest: StableHash = StableHash(value: 0), epoch: String = "e"
  ) -> Rialto_Fleet_V1_ItemDelta {
    .with {
      $0.epoch = epoch
      $0.generation = generation
      $0.full = full
      $0.upserts = items
      $0.last = last
      $0.digest = digest.value
    }
  }

  private func digest(_ items: [String: String]) -> StableHash {
    items.reduce(ItemCoding.emptyDigest) {
      $0 ^ ItemCoding.contribution(key: $1.key, hash: StableHash($1.value))
    }
  }

  private let held = DeltaAssembly(
    hashes: [:], position: Position(epoch: "e", generation: 5), epoch: "e")

  @Test func `parts become one delta when the last has come`() throws {
    var assembly = held
    let half = try assembly.take(part(6, [item("a", "1")], last: false), at: 3)
    #expect(half == nil)
    let whole = try assembly.take(
      part(6, [item("b", "2")], digest: digest(["a": "1", "b": "2"])), at: 9)
    let delta = try #require(whole)
    #expect(delta.upserts.map(\.key) == ["a", "b"])
    #expect(delta.arrived == 3)
    // And the next one goes on from there.
    let next = try assembly.take(
      part(7, [item("a", "3")], digest: digest(["a": "3", "b": "2"])), at: 10)
    #expect(next?.generation == 7)
  }

  @Test func `an older generation of the same epoch is refused, of a new epoch it is not`() throws {
    var assembly = held
    #expect(throws: DeltaAssembly.Violation.older(generation: 4, than: 5)) {
      try assembly.take(part(4, [], full: true), at: 0)
    }
    var renewed = DeltaAssembly(
      hashes: [:], position: Position(epoch: "e", generation: 5), epoch: "new")
    let first = try renewed.take(part(1, [], full: true, epoch: "new"), at: 0)
    #expect(first?.generation == 1)
  }

  @Test func `what does not add up is refused`() {
    var assembly = held
    #expect(throws: DeltaAssembly.Violation.digestDisagrees(generation: 6)) {
      try assembly.take(part(6, [item("a", "1")], digest: StableHash("x")), at: 0)
    }
    var wrong = item("a", "1")
    wrong.hash = 1
    #expect(throws: DeltaAssembly.Violation.wrongHash(key: "a")) {
      var assembly = held
      return try assembly.take(part(6, [wrong]), at: 0)
    }
    #expect(throws: DeltaAssembly.Violation.foreignEpoch("other")) {
      try assembly.take(part(6, [], epoch: "other"), at: 0)
    }
  }

  @Test func `parts of two generations do not mix`() throws {
    var assembly = held
    _ = try assembly.take(part(6, [], last: false), at: 0)
    #expect(throws: DeltaAssembly.Violation.mixedParts) { try assembly.take(part(7, []), at: 0) }
  }
}
