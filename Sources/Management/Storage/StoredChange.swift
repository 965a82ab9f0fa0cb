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
  }

  package var actor: String
  package var steps: [Step]

  package init(actor: String, steps: [Step]) {
    self.actor = actor
    self.steps = steps
  }
}
