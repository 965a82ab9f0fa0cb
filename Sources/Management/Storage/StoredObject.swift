package import Documents
package import Model

/// An object as it is stored: the canonical manifest and the changes that made it.
package struct StoredObject: Hashable, Sendable {
  package var ref: ResourceRef
  /// The whole manifest without status: apiVersion, kind, metadata, spec; canonical.
  package var manifest: Document
  package var labels: [String: String]
  package var created: Revision
  package var revision: Revision
  /// Milliseconds since 1970.
  package var createdAt: Int64
  package var updatedAt: Int64

  package init(
    ref: ResourceRef, manifest: Document, labels: [String: String], created: Revision,
    revision: Revision, createdAt: Int64, updatedAt: Int64
  ) {
    self.ref = ref
    self.manifest = manifest
    self.labels = labels
    self.created = created
    self.revision = revision
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

/// An object as a list shows it: its manifest is text still, which most readers hand on as it is.
package struct ListedObject: Hashable, Sendable {
  package var fqn: String
  /// Canonical.
  package var manifest: String
  package var created: Revision
  package var revision: Revision
  /// Milliseconds since 1970.
  package var createdAt: Int64
  package var updatedAt: Int64
}
