import Synchronization

/// What the agent counts for its metrics.
package final class Counters: Sendable {
  package struct Values: Sendable {
    package var deltas = 0
    package var registrations = 0
    package var rejections = 0
    package var joins = 0
    package var refusals = 0
    package var serverConnections = 0
    package var isConnected = 0
  }

  private let values = Mutex(Values())

  package init() {}

  package var current: Values { values.withLock { $0 } }

  func add(_ counter: any WritableKeyPath<Values, Int> & Sendable) {
    values.withLock { $0[keyPath: counter] += 1 }
  }

  func set(_ counter: any WritableKeyPath<Values, Int> & Sendable, to value: Int) {
    values.withLock { $0[keyPath: counter] = value }
  }
}
