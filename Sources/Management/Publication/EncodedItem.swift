package import Blueprints
package import Documents

/// An item as it travels, with what it came from.
package struct EncodedItem: Hashable, Sendable {
  package var key: ItemKey
  package var hash: StableHash
  package var bytes: [UInt8]
  package var sources: [Source]

  package init(key: ItemKey, hash: StableHash, bytes: [UInt8], sources: [Source]) {
    self.key = key
    self.hash = hash
    self.bytes = bytes
    self.sources = sources
  }
}
