/// The bounds of one stream.
package struct DiscoverySettings: Sendable {
  /// Bytes of resources in one response; a single larger resource goes alone.
  package var responseBytes = 96 << 10
  /// Names in one request, and names subscribed to at one time per type.
  package var namesPerType = 100_000
  /// Types subscribed to on one stream.
  package var types = 32
  /// Bytes of one name, version or type URL.
  package var nameBytes = 4096

  package init() {}
}
