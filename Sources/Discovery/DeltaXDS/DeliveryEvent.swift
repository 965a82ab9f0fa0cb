/// What happened on a stream, for whoever keeps account.
package enum DeliveryEvent: Hashable, Sendable {
  case connected(nodeID: String, userAgent: String)
  /// Something of this generation was written to the stream.
  case told(nodeID: String, generation: Int64)
  /// These are in force at the subscriber.
  case accepted(nodeID: String, resources: [AcknowledgedResource])
  /// This one is refused; the subscriber keeps the last good one.
  case rejected(nodeID: String, resource: AcknowledgedResource, reason: String)
  /// Everything up to this generation that concerns the subscriber is acknowledged or refused.
  case settled(nodeID: String, generation: Int64)
  case disconnected(nodeID: String)
}

package struct AcknowledgedResource: Hashable, Sendable {
  package var name: ResourceName
  package var version: String

  package init(name: ResourceName, version: String) {
    self.name = name
    self.version = version
  }
}
