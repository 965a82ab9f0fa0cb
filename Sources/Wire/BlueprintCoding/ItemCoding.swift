package import Blueprints
package import Documents
private import FoundationEssentials

/// How blueprint items travel and are stored: canonical JSON, with a hash and a schema number.
package enum ItemCoding {
  /// Grows when an older reader would misunderstand an item; a reader refuses what is newer.
  package static let schema: Int32 = 1

  /// The canonical bytes of `item` and their hash.
  package static func encode(_ item: BlueprintItem) throws -> (bytes: [UInt8], hash: StableHash) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let bytes = [UInt8](try encoder.encode(item))
    return (bytes, StableHash(bytes))
  }

  package static func decode(_ bytes: [UInt8]) throws -> BlueprintItem {
    try JSONDecoder().decode(BlueprintItem.self, from: Data(bytes))
  }
}

extension ItemCoding {
  /// The digest of no items.
  package static let emptyDigest = StableHash(value: 0)

  /// What one item contributes to the digest of everything that a side holds:
  /// `digest = digest ^ contribution` both adds an item and takes it away again.
  package static func contribution(key: String, hash: StableHash) -> StableHash {
    StableHash("\(key)\u{0}\(hash.text)")
  }
}
