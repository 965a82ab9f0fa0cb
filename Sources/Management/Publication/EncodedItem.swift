package import Blueprints
package import Documents

/// An item as it travels, with what it came from. An object, so that clusters that must have the same
/// share one.
package final class EncodedItem: Sendable {
  package let key: ItemKey
  package let hash: StableHash
  package let bytes: [UInt8]
  /// Sorted, without duplicates.
  package let sources: [Source]

  package init(key: ItemKey, hash: StableHash, bytes: [UInt8], sources: [Source]) {
    self.key = key
    self.hash = hash
    self.bytes = bytes
    self.sources = sources
  }
}
