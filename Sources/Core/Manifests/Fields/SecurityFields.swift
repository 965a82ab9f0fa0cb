/// The tables of the kinds in the API group `security`.
enum SecurityFields {
  static let trafficModes = ["UNSET", "OPTIONAL", "REQUIRED"]
  static let authorizationModes = [
    "UNSET", "NAMESPACE", "GROUP", "WORKSPACE", "CLUSTER", "DISABLED", "CUSTOM", "RULES",
  ]

  private static func party(_ name: String, _ doc: String) -> Field {
    Field(
      name,
      .fields([
        Field(
          "fqn", .text(.party),
          "The FQN of a tenant, a workspace, a security group or a security domain.",
          isRequired: true)
      ]), doc, isRequired: true)
  }

  private static let ruleList = FieldType.objects([
    party("from", "The callers."), party("to", "The workloads that are called."),
  ])

  /// `AuthenticationSettings`.
  static let authentication = FieldType.fields([
    Field(
      "trafficMode", .choice(trafficModes),
      "REQUIRED refuses callers without a certificate of the mesh; OPTIONAL lets them in.",
      absent: "UNSET: inherited, and REQUIRED when nobody says otherwise"),
    .later("http", AuthenticationFields.http, "How requests prove who sends them."),
  ])

  /// `AuthorizationSettings`.
  static func authorization(modes: [String] = authorizationModes) -> FieldType {
    .fields([
      Field(
        "mode", .choice(modes),
        "Who may call: workloads of the same namespace, group, workspace, anybody with an "
          + "identity of the cluster, anybody (DISABLED), the listed service accounts "
          + "(CUSTOM), or by rules (RULES).", absent: "UNSET: inherited"),
      Field(
        "serviceAccounts", .list(.text(.serviceAccount)),
        "With CUSTOM: 'NAMESPACE/ACCOUNT', 'NAMESPACE/*' or './*'."),
      Field(
        "rules",
        .fields([
          Field(
            "allow", ruleList,
            "Who may call; without an entry everybody may, with one nobody else."),
          Field("deny", ruleList, "Who may not, whatever 'allow' says."),
          Field("denyAll", .boolean, "Nobody may call, whatever 'allow' says.", absent: "false"),
        ]), "With RULES: who may call whom."),
      .later("http", AuthenticationFields.authorization, "Which requests are let through."),
      .later(
        "identityMatch",
        .choice(["UNKNOWN", "PEER_CERTIFICATE", "PERMISSIVE", "SOURCE_IDENTITY"]),
        "Behind gateways: whose identity counts.", absent: "PERMISSIVE"),
    ])
  }

  static let extensionAttachments = FieldType.objects([
    Field("fqn", .text(.fqn), "The WasmExtension.", isRequired: true),
    Field("config", .text(.prose), "What it is told."),
    Field(
      "match",
      .objects([
        Field("mode", .choice(ExtensionFields.modes), "Which traffic.", absent: "UNDEFINED"),
        Field(
          "ports", .objects([Field("number", .port, "The port.", isRequired: true)]),
          "Which ports.", absent: "all"),
      ]), "Where it runs.", absent: "everywhere"),
  ])

  static let waf = FieldType.fields([
    Field("rules", .list(.text(.prose)), "Rules in Seclang.", isRequired: true)
  ])

  static let setting = Shape([
    Field("authenticationSettings", authentication, "How callers prove who they are."),
    Field(
      "authentication", .choice(trafficModes), "Whether callers need a certificate.",
      successor: "authenticationSettings.trafficMode"),
    Field("authorization", authorization(), "Who may call."),
    Field(
      "propagationStrategy", .choice(["REPLACE", "STRICTER"]),
      "STRICTER: what is said here cannot be relaxed below. REPLACE: below holds what is said there.",
      absent: "REPLACE"),
    .later("extension", extensionAttachments, "Extensions that look at the traffic."),
    .later("waf", waf, "The web application firewall."),
    EnvelopeFields.generation,
  ])

  /// A setting that is a part of another object.
  static let embedded = FieldType.object(setting)

  static let serviceSetting = Shape([
    TrafficFields.service("The service whose workloads it is for."),
    Field("settings", embedded, "What differs from the group's setting."),
    Field(
      "subsets",
      .objects([
        Field(
          "name", .text(.name), "The subset, as the service's ServiceRoute calls it.",
          isRequired: true),
        Field("settings", embedded, "What holds instead for its workloads.", isRequired: true),
      ]), "What differs from version to version.", absent: "nothing"),
    EnvelopeFields.generation,
  ])
}
