import Access
import Foundation
package import Logging
import Model
package import Publication
package import Storage

/// The use cases of the server. Each takes who asks first, and asks whether they may before
/// anything else is told or done.
package final class Operations: Sendable {
  package let store: Store
  package let publication: Publication
  let joining: JoinInstructions
  let explanations: Explanations
  let planner: Planning?
  let logger: Logger
  let index = IntentIndex()
  let tail: ChangeTail
  let now: @Sendable () -> Int64

  /// - Parameters:
  ///   - planner: nil leaves out of dry runs what they would change beyond the objects.
  ///   - now: milliseconds since 1970.
  package init(
    store: Store, publication: Publication, joining: JoinInstructions,
    explanations: Explanations, planner: Planning? = nil, logger: Logger,
    now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
  ) {
    self.store = store
    tail = ChangeTail(store: store)
    self.publication = publication
    self.joining = joining
    self.explanations = explanations
    self.planner = planner
    self.logger = logger
    self.now = now
  }

  /// - Throws: `OperationError.missing` where the principal may not even read, else `.forbidden`.
  func authorize(_ principal: Principal, to action: Action, on target: ResourceRef?) throws {
    let decision = Access.decision(for: principal, to: action, on: target)
    guard !decision.isAllowed else { return }
    if let target, !Access.decision(for: principal, to: .read, on: target).isAllowed {
      throw OperationError.missing(what: target.text)
    }
    throw OperationError.forbidden(reason: decision.reason)
  }
}
