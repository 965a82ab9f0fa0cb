import Model

/// What is around `spec` in every manifest.
enum EnvelopeFields {
  static let name = Field(
    "name", .text(.name), "The object's name, unique among its siblings.", isRequired: true,
    effect: .descriptive)
  private static let serviceName = Field(
    "name", .text(.fullServiceName), "The service's name and namespace, with a dot between them.",
    isRequired: true, effect: .descriptive)
  static let displayName = Field(
    "displayName", .text(.line), "A name for people.", effect: .descriptive)
  static let description = Field(
    "description", .text(.prose), "What the object is for.", effect: .descriptive)
  static let etag = Field(
    "etag", .text(.line),
    "The revision that the writer has seen; the write is refused when the object has moved on.",
    effect: .descriptive)

  /// Accepted, because the server itself prints them, and never stored.
  static let outputOnly = ["created", "createdAt", "revision", "updated", "updatedAt"]

  static func metadata(of kind: Kind) -> Shape {
    let parents = kind.ancestry.dropLast().map { parent in
      Field(
        key(of: parent, in: kind), .text(.name), "The \(parent.title) that the object belongs to.",
        isRequired: true, effect: .descriptive)
    }
    return Shape(
      (kind.isOnly ? [] : [kind == .service ? serviceName : name]) + parents
        + (kind.istioGroup == nil ? [] : [namespace]) + [
          displayName, description,
          Field("labels", .labels, "Marks for selecting objects in lists.", effect: .descriptive),
          Field(
            "annotations", .map(keys: .labelKey, values: .text(.prose)),
            "Notes of tools. Parents may be named here too, as rialto.mesh/workspace and so on.",
            effect: .descriptive),
          Field(
            "fqn", .text(.fqn), "The object's path; has to agree with the names.",
            effect: .descriptive),
          etag,
          Field(
            "resourceVersion", .text(.line), "The same as etag.", effect: .descriptive),
        ])
  }

  /// Istio's objects live in a namespace.
  private static let namespace = Field(
    "namespace", .text(.name), "The namespace that Istio's object is in.", effect: .notYetEffective)

  /// The key that names a parent: where Istio's kinds are at home in several types of groups, the
  /// type has to be said.
  static func key(of parent: Kind, in kind: Kind) -> String {
    parent.isGroup && kind.istioGroup != nil ? parent.rawValue : parent.metadataKey
  }

  /// Fields of `spec` that objects with things below them have.
  static let protection = Field(
    "deletionProtectionEnabled", .boolean,
    "Refuses to delete the object, and its parents with it, until it is switched off.",
    absent: "false")

  static let generation = Field.later(
    "configGenerationMetadata",
    .fields([
      Field("labels", .labels, "Labels."),
      Field("annotations", .map(keys: .labelKey, values: .text(.prose)), "Annotations."),
    ]), "Labels and annotations of every Kubernetes object that is made of this one.")

  static let profiles = Field(
    "profiles", .list(.text(.fqn)),
    "Profiles whose defaults and mandates hold here and below, in order.")

  static let securityDomain = Field(
    "securityDomain", .text(.domain),
    "The security domain that everything in it belongs to, for rules of authorization, as "
      + "organizations/ORG/securitydomains/NAME; what an ancestor says holds.")
}
