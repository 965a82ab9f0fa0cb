/// The tables of applications and their APIs.
enum ApplicationFields {
  private static let configResources = Field.output(
    "configResources", .anything, "What was made of it.")

  static let application = Shape(
    [
      .later("workspace", .text(.fqn), "The workspace, as FQN.", isRequired: true),
      .later("gatewayGroup", .text(.fqn), "The gateway group that serves its APIs, as FQN."),
      .later(
        "namespaceSelector",
        .fields([
          Field(
            "names", .list(.text(.namespaceTerm), atLeast: 1), "Namespaces as CLUSTER/NAMESPACE.",
            isRequired: true)
        ]), "The namespaces of a gateway group that is made for it."),
      .later("services", .texts, "The services that it consists of."),
      configResources,
    ], atMostOne: ["gatewayGroup", "namespaceSelector"])

  private static let openAPI = Field.later(
    "openapi", .text(.longText), "The API's description in OpenAPI, as text.", isRequired: true)

  static let api = Shape([
    openAPI,
    .later(
      "workloadSelector",
      .fields([
        Field("namespace", .text(.name), "The namespace of the gateways.", isRequired: true),
        Field("labels", .labels, "The labels that the gateways have.", isRequired: true),
      ]), "Which gateways serve it."),
    .later(
      "servers", .list(.object(GatewayFields.ingressServer)), "The servers that were made of it.",
      successor: "nothing: they are made of the description"),
    configResources,
    .output("endpoints", .list(.anything), "Where it is served."),
    .output("httpServers", .list(.anything), "The servers that were made of it."),
  ])

  static let workspaceAPI = Shape([openAPI])
}

/// The tables of extensions and of profiles.
enum ExtensionFields {
  static let modes = ["UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER"]

  static let wasm = Shape(
    [
      .later("url", .text(.line), "Where its program is: oci://, http:// or https://."),
      .later("image", .text(.line), "Where its program is.", successor: "url"),
      .later("source", .text(.line), "Where its source is."),
      .later("config", .text(.longText), "What it is told."),
      .later(
        "phase", .choice(["UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"]),
        "Before which of the built-in filters it runs.", absent: "UNSPECIFIED_PHASE"),
      .later(
        "priority", .integer(Int64(Int32.min)...Int64(Int32.max)),
        "Its place among the extensions of its phase."),
      .later("allowedIn", .list(.text(.fqn)), "Parts of the tree that may use it.", absent: "all"),
      .later(
        "imagePullPolicy", .choice(["UNSPECIFIED_POLICY", "IfNotPresent", "Always"]),
        "When its program is fetched.", absent: "UNSPECIFIED_POLICY"),
      .later("imagePullSecret", .text(.secretName), "The secret with which it is fetched."),
      .later(
        "match",
        .fields([Field("mode", .choice(modes), "Which traffic.", absent: "UNDEFINED")]),
        "Where it runs."),
      .later(
        "vmConfig",
        .fields([
          Field(
            "env",
            .objects([
              Field("name", .text(.line), "The variable.", isRequired: true),
              Field(
                "valueFrom", .choice(["INLINE", "HOST"]), "Where its value comes from.",
                isRequired: true),
              Field("value", .text(.prose), "Its value, with INLINE."),
            ]), "Variables of its environment.")
        ]), "How it runs."),
    ], exactlyOne: ["url", "image"])

  /// `ProfileSpec`.
  private static let profileSpec = FieldType.fields([
    Field(
      "authenticationSettings", SecurityFields.authentication, "How callers prove who they are."),
    Field(
      "traffic",
      .fields([
        Field("inbound", TrafficFields.inbound, "How workloads are called."),
        Field("outbound", TrafficFields.outbound, "How workloads call others."),
      ]), "How workloads call each other."),
    Field(
      "trafficSettings", TrafficFields.embedded, "How workloads call each other.",
      successor: "traffic"),
    .later("wafSettings", SecurityFields.waf, "The web application firewall."),
    .later(
      "wasmExtensions", SecurityFields.extensionAttachments,
      "Extensions that look at the traffic."),
    Field(
      "unsetFields", .list(.text(.settingPath)),
      "Fields that are to be empty, such as traffic.outbound.reachability: in mandates whatever "
        + "anybody says, in defaults whatever profiles before this one say."),
  ])

  static let profile = Shape([
    Field("defaults", profileSpec, "What holds where nothing else is said."),
    Field("mandates", profileSpec, "What holds whatever is said below."),
    EnvelopeFields.protection,
  ])
}
