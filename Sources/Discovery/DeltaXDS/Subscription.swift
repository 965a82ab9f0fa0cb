package import Streams

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
