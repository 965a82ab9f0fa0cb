import BlueprintCoding
import Blueprints
import Documents
import Publication

/// An item whose content is `text`.
func item(_ name: String, _ text: String, sources: [Source] = []) -> EncodedItem {
  EncodedItem(
    key: .service(namespace: "shop", name: name), hash: StableHash(text), bytes: Array(text.utf8),
    sources: sources)
}

/// What an agent holds, and how it takes a delta.
struct Holder {
  var generation: Int64 = 0
  var items: [ItemKey: StableHash] = [:]

  var digest: StableHash {
    items.reduce(ItemCoding.emptyDigest) {
      $0 ^ ItemCoding.contribution(key: $1.key.text, hash: $1.value)
    }
  }

  mutating func take(_ delta: ClusterFeed.Delta) {
    if delta.full { items = [:] }
    for item in delta.upserts { items[item.key] = item.hash }
    for key in delta.removals { items[key] = nil }
    generation = delta.generation
  }
}
