package import Streams

/// The resources that a group of subscribers gets, and a log of what changed.
///
/// One writer publishes; any number of sessions follow. A session holds one sequence number and asks
/// for what changed after it, so that the cost of a change does not depend on the size of the view.
package final class View: Sendable {
  package init() {}

  /// Publishes a change as one step. `generation` is what subscribers report back once they have
  /// acknowledged everything of it; it never goes back.
  package func publish(upserts: [Resource], removals: [ResourceName], generation: Int64) {
    fatalError("to be written")
  }

  /// The generation of the newest step.
  package var generation: Int64 { fatalError("to be written") }

  package func resource(_ name: ResourceName) -> Resource? { fatalError("to be written") }

  package var resources: [Resource] { fatalError("to be written") }
}

/// What a subscriber may have, decided once its identity is known.
package struct Subscription: Sendable {
  package var nodeID: String
  /// Another view may take the place of the current one at any time (a proxy changed its profile).
  package var views: Latest<View>

  package init(nodeID: String, views: Latest<View>) {
    self.nodeID = nodeID
    self.views = views
  }
}

/// What happened on a stream, for whoever keeps account.
package enum DeliveryEvent: Sendable {
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
