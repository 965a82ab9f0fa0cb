import Model

/// What is around `spec` in every manifest.
enum EnvelopeFields {
  static let name = Field(
    "name", .text(.name), "The object's name, unique among its siblings.", isRequired: true,
    effect: .descriptive)
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
        parent.metadataKey, .text(.name), "The \(title(of: parent)) that the object belongs to.",
        isRequired: true, effect: .descriptive)
    }
    return Shape(
      [name] + parents + [
        displayName, description,
        Field(
          "labels", .map(keys: .labelKey, values: .text(.labelValue)),
          "Marks for selecting objects in lists.", effect: .descriptive),
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

  /// Fields of `spec` that every kind has.
  static func common(protection: Bool = true) -> [Field] {
    let deletionProtection = Field(
      "deletionProtectionEnabled", .boolean,
      "Refuses to delete the object, and its parents with it, until it is switched off.",
      absent: "false")
    return protection ? [deletionProtection] : []
  }

  /// `gateway group`, for sentences.
  static func title(of kind: Kind) -> String {
    switch kind {
    case .trafficGroup: "traffic group"
    case .securityGroup: "security group"
    case .gatewayGroup: "gateway group"
    case .organization, .cluster, .tenant, .workspace: kind.rawValue
    case .organizationSetting, .workspaceSetting, .trafficSetting, .serviceRoute, .securitySetting,
      .gateway:
      kind.name
    }
  }
}
