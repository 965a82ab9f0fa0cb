/// The bounds of one stream, and of those that start at the same time.
package struct DiscoverySettings: Sendable {
  /// Bytes of resources in one response; a single larger resource goes alone.
  package var responseBytes = 96 << 10
  /// Bytes of a rest that goes along with what is before it instead of alone: that saves an
  /// acknowledgement, and gRPC's room for a message, which it keeps after the last one unless that
  /// had more than 64 KiB.
  package var restBytes: Int { responseBytes * 2 / 3 }
  /// Names in one request, and names subscribed to at one time per type.
  package var namesPerType = 100_000
  /// Types subscribed to on one stream.
  package var types = 32
  /// Bytes of one name, version or type URL.
  package var nameBytes = 4096
  /// Streams that may get what is large at the same time: a large view that they have nothing of, or
  /// changes of very many names.
  package var coldStreams = 32
  /// Bytes of resources from which a view is large.
  package var coldBytes = 1 << 20
  /// Changes of a view that are very many for who follows it.
  package var coldChanges = 1024
  /// How long a stream keeps its place among the cold ones without acknowledging anything.
  package var coldPatience = Duration.seconds(5)

  package init() {}
}
