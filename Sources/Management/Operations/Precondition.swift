package import Model
import Storage

/// What the caller says the object has to be like for the write to happen.
package enum Precondition: Hashable, Sendable {
  case none
  /// None was named, and one has to be where the object exists.
  case demanded
  /// Create only.
  case absent
  /// Replace only.
  case present
  case revision(Revision)
  /// A tag that no object ever has.
  case impossible

  /// The precondition that an etag says, from a header or a body.
  package init(etag: String) {
    guard let number = Int64(etag), number > 0 else {
      self = .impossible
      return
    }
    self = .revision(Revision(number))
  }

  /// Both, where the body says one too.
  func joined(with etag: String?, of ref: ResourceRef) throws -> Precondition {
    guard let etag else { return self }
    let other = Precondition(etag: etag)
    switch self {
    case .none, .demanded, .present: return other
    case .revision, .impossible:
      guard self == other else { throw OperationError.contradictoryPreconditions(ref) }
      return self
    case .absent: throw OperationError.contradictoryPreconditions(ref)
    }
  }

  func check(_ ref: ResourceRef, against stored: StoredObject?) throws {
    switch (self, stored) {
    case (.none, _), (.demanded, nil), (.absent, nil), (.present, .some): return
    case (.demanded, .some): throw OperationError.preconditionRequired(ref)
    case (.absent, .some): throw OperationError.exists(ref)
    case (.revision(let expected), .some(let stored)) where stored.revision == expected: return
    case (.revision, _), (.impossible, _), (.present, nil):
      throw OperationError.preconditionFailed(ref, actual: stored?.revision)
    }
  }
}
