package import Documents

/// What a set of names and versions of one type comes to, in whatever order they were put in.
///
/// A relay that comes back does not list what it holds, but says its digest, under a name that no
/// resource has, among the `initial_resource_versions` of its first request of the type. When the
/// agent's view comes to the same, the relay has everything. Otherwise the agent answers that the
/// reserved name is removed, and the relay puts the whole list into the acknowledgement of that.
package struct ContentDigest: Hashable, Sendable {
  /// Resources are named after hosts, ports and clusters, in which there is no space.
  package static let reservedName = "rialto digest"

  private var count = 0
  private var members = StableHash(value: 0)

  package init() {}

  package static func member(_ name: String, _ version: String) -> StableHash {
    StableHash((name + "\0" + version).utf8)
  }

  package mutating func insert(_ member: StableHash) {
    count += 1
    members = members ^ member
  }

  package mutating func remove(_ member: StableHash) {
    count -= 1
    members = members ^ member
  }

  /// As it is sent.
  package var text: String { "\(count) \(members.text)" }
}
