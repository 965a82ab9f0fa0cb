package import Documents
package import Model

/// An object as somebody wrote it: checked against its kind, in canonical form.
package struct Manifest: Sendable {
  package var ref: ResourceRef
  /// apiVersion, kind, metadata and spec under Rialto's own names; what the server stores.
  package var document: Document
  /// What `spec` means, with the defaults of the API filled in.
  package var spec: ResourceSpec
  /// The revision that the writer has seen, when it was said.
  package var etag: String?
  /// The file as the client named it.
  package var file: String?
  /// Where the parts of `document` are in the text.
  package var marks: [FieldPath: Mark]

  /// Marks for selecting objects in lists.
  package var labels: [String: String] { Manifests.labels(of: document) }

  /// Whether the object refuses to be deleted.
  package var isProtected: Bool { isDeletionProtected(document) }

  package func resource(
    revision: Revision = Revision(0), created: Revision = Revision(0)
  ) -> Resource {
    Resource(
      ref: ref, spec: spec, labels: labels, profiles: profiles(of: document),
      securityDomain: securityDomain(of: document), revision: revision, created: created)
  }
}

/// `metadata.labels` of a canonical manifest.
package func labels(of manifest: Document) -> [String: String] {
  (manifest[["metadata", "labels"]]?.object ?? [:]).compactMapValues(\.string)
}

/// The profiles that a canonical manifest attaches, in order.
package func profiles(of manifest: Document) -> [ResourceRef] {
  (manifest[["spec", "profiles"]]?.list ?? []).compactMap { fqn in
    fqn.string.flatMap { ResourceRef(fqn: $0) }
  }
}

/// `spec.securityDomain` of a canonical manifest.
package func securityDomain(of manifest: Document) -> SecurityDomain? {
  manifest[["spec", "securityDomain"]]?.string.flatMap(SecurityDomain.init(fqn:))
}

/// `spec.deletionProtectionEnabled` of a canonical manifest.
package func isDeletionProtected(_ manifest: Document) -> Bool {
  manifest[["spec", "deletionProtectionEnabled"]]?.bool ?? false
}

/// The object that a stored, canonical manifest stands for.
///
/// The value is nil only when the manifest lacks what the model cannot do without. What is merely
/// wrong comes back with its errors beside it: the manifest was accepted once, and Envoy decides.
package func resource(
  from manifest: Document, ref: ResourceRef, revision: Revision, created: Revision
) -> Diagnosed<Resource?> {
  var checker = ShapeChecker(report: Report(subject: ref.fqn), written: [:])
  let place = ShapeChecker.Place(written: FieldPath() / "spec", path: FieldPath() / "spec")
  let spec = checker.checked(
    manifest["spec"] ?? .object([:]), as: ref.kind.isRaw ? .anything : .object(ref.kind.spec),
    at: place)
  var report = checker.report
  let typed = typedSpec(of: ref, Cursor(spec ?? .object([:]), at: place.path), &report)
  let resource = typed.map { spec in
    Resource(
      ref: ref, spec: spec, labels: labels(of: manifest), profiles: profiles(of: manifest),
      securityDomain: securityDomain(of: manifest), revision: revision, created: created)
  }
  return Diagnosed(value: resource, diagnostics: report.diagnostics)
}
