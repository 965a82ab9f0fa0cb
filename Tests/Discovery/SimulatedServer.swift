import DeltaXDS
import TestSupport

/// A mesh that changes at random, and the view of it.
struct SimulatedServer {
  private(set) var mesh = SimulatedMesh()
  private(set) var view: View
  private var generation: Int64 = 0
  private let logCapacity: Int

  init(faultPercent: Int, logCapacity: Int) {
    mesh.faultPercent = faultPercent
    self.logCapacity = logCapacity
    view = View(logCapacity: logCapacity)
  }

  mutating func publish(using random: inout SplitMix64) {
    let change = mesh.change(using: &random)
    generation += 1
    view.publish(upserts: change.upserts, removals: change.removals, generation: generation)
  }

  /// The same resources in a view with another past.
  mutating func replaceView(using random: inout SplitMix64) {
    let old = view.resources
    view = View(logCapacity: logCapacity)
    for resource in old.shuffled(using: &random) {
      view.publish(upserts: [resource], removals: [], generation: generation)
    }
    publish(using: &random)
  }
}
