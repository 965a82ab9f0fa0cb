package import Documents
package import Model

/// One accepted write: one revision, possibly many objects. Rows are chained by their hashes.
package struct StoredChange: Hashable, Sendable {
  package struct Step: Hashable, Sendable {
    package var ref: ResourceRef
    /// nil: created.
    package var before: Document?
    /// nil: deleted.
    package var after: Document?

    package init(ref: ResourceRef, before: Document?, after: Document?) {
      self.ref = ref
      self.before = before
      self.after = after
    }
  }

  package var revision: Revision
  /// Milliseconds since 1970.
  package var committedAt: Int64
  /// Who wrote it: `administrator`.
  package var actor: String
  package var steps: [Step]

  package init(revision: Revision, committedAt: Int64, actor: String, steps: [Step]) {
    self.revision = revision
    self.committedAt = committedAt
    self.actor = actor
    self.steps = steps
  }
}

/// What a caller wants written, all or nothing.
package struct ProposedChange: Sendable {
  package enum Step: Sendable {
    /// `expecting`: the revision that the stored object must have; 0 = must not exist; nil = any.
    case put(ref: ResourceRef, manifest: Document, labels: [String: String], expecting: Revision?)
    case delete(ref: ResourceRef, expecting: Revision?)

    package var ref: ResourceRef {
      switch self {
      case .put(let ref, _, _, _), .delete(let ref, _): ref
      }
    }
  }

  package var actor: String
  package var steps: [Step]

  package init(actor: String, steps: [Step]) {
    self.actor = actor
    self.steps = steps
  }
}

/// What became of a proposed change.
package struct Committed: Hashable, Sendable {
  package enum Outcome: String, Hashable, Sendable { case created, updated, unchanged, deleted }

  package struct Result: Hashable, Sendable {
    package var ref: ResourceRef
    package var outcome: Outcome
    /// As it is now; nil: deleted.
    package var object: StoredObject?
    package var before: Document?
  }

  /// The new revision, or the newest there was when nothing changed.
  package var revision: Revision
  /// Parents first; deletions last, children first.
  package var results: [Result]

  /// The newest revision before.
  package var base: Revision {
    changesAnything ? Revision(revision.number - 1) : revision
  }

  package var changesAnything: Bool { results.contains { $0.outcome != .unchanged } }

  /// What changed, as it is now; nil: it is gone.
  var changedObjects: [ResourceRef: StoredObject?] {
    Dictionary(
      uniqueKeysWithValues: results.filter { $0.outcome != .unchanged }.map { ($0.ref, $0.object) })
  }
}

/// Why a proposed change was not written.
package enum StoreError: Error, Hashable, Sendable {
  /// The stored object has another revision than the caller expected.
  case stale(ResourceRef, expected: Revision, actual: Revision)
  case exists(ResourceRef)
  case missing(ResourceRef)
  case missingParent(ResourceRef)
  /// It cannot be deleted before its children, of which this is one.
  case hasChildren(ResourceRef, child: ResourceRef)
  /// The same object twice in one change.
  case repeated(ResourceRef)
  /// A page of a list at a revision that is not, or no longer, held.
  case revisionGone(Revision)
  /// The same key came with another request before.
  case keyReused
  /// No virtual address is free.
  case addressesExhausted
  /// There are more clusters than ports for the traffic between them.
  case portsExhausted
  /// A row that this release did not write like that.
  case unreadable(String)
}
