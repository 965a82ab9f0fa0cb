/// The tables of the tree: organization, tenants, workspaces, groups.
enum TenancyFields {
  static let organization = Shape([
    EnvelopeFields.profiles,
    .later(
      "systemNamespaces", .list(.text(.name)), "Namespaces that no workspace may claim."),
    .later(
      "serviceAccountKeySettings",
      .fields([
        Field(
          "algorithm", .choice(["RS256", "ES256", "ES384", "ES512"]), "How tokens are signed."),
        Field("rsaKeySize", .integer(2048...4096), "How long RSA keys are, in bits."),
      ]), "The keys of service accounts."),
    EnvelopeFields.generation, EnvelopeFields.protection,
  ])

  static let tenant = Shape([
    EnvelopeFields.profiles, EnvelopeFields.securityDomain, EnvelopeFields.generation,
    EnvelopeFields.protection,
  ])

  static let namespaceSelector = Field(
    "namespaceSelector",
    .fields([
      Field(
        "names", .list(.text(.namespaceTerm), atLeast: 1),
        "Namespaces as CLUSTER/NAMESPACE: */shop, east/shop, east/*, */*, east/shop*.",
        isRequired: true)
    ]), "Which namespaces of which clusters it owns. Ownership is exclusive.", isRequired: true)

  static let workspace = Shape([
    namespaceSelector,
    .later(
      "privileged", .boolean, "Whether its gateways may send requests to other workspaces.",
      absent: "false"),
    .later("isolationBoundary", .text(.name), "The set of Istio's revisions that it belongs to."),
    EnvelopeFields.profiles, EnvelopeFields.securityDomain, EnvelopeFields.generation,
    EnvelopeFields.protection,
  ])

  private static let configMode = Field.later(
    "configMode", .choice(["BRIDGED", "DIRECT"]),
    "BRIDGED: the kinds of this API. DIRECT: raw Istio objects, which take no effect yet.",
    absent: "BRIDGED")

  static let trafficGroup = Shape([
    namespaceSelector, configMode, EnvelopeFields.profiles, EnvelopeFields.generation,
    EnvelopeFields.protection,
  ])

  /// Gateways take from profiles what the workspace and the traffic group of their namespace have.
  static let gatewayGroup = Shape([
    namespaceSelector, configMode, EnvelopeFields.profiles.with(effect: .notYetEffective),
    EnvelopeFields.generation, EnvelopeFields.protection,
  ])

  static let securityGroup = Shape([
    namespaceSelector, configMode, EnvelopeFields.profiles, EnvelopeFields.securityDomain,
    EnvelopeFields.generation, EnvelopeFields.protection,
  ])

  static let istioInternalGroup = Shape([
    namespaceSelector, EnvelopeFields.generation, EnvelopeFields.protection,
  ])

  // MARK: Settings

  private static let defaults = [
    Field(
      "defaultSecuritySetting", SecurityFields.embedded,
      "Who may call whom, where nothing below says otherwise."),
    Field(
      "defaultTrafficSetting", TrafficFields.embedded,
      "How workloads call each other, where nothing below says otherwise."),
  ]

  private static let regionalFailover = Field.later(
    "regionalFailover",
    .objects([
      Field("from", .text(.labelValue), "The region of the callers."),
      Field("to", .text(.labelValue), "The region that takes over."),
    ]), "Which region takes over from which.", successor: "failoverSettings.regionalFailover")

  static let organizationSetting = Shape(
    defaults + [
      Field(
        "networkSettings",
        .fields([
          Field(
            "networkReachability", .map(keys: .name, values: .text(.networks)),
            "By network: the other networks that it reaches, separated by commas. A network "
              + "always reaches itself.",
            absent: "a network reaches those with edge gateways, and these reach every network")
        ]), "How networks are connected."),
      Field(
        "failoverSettings", TrafficFields.failoverSettings,
        "Where requests go while several clusters can take them."),
      regionalFailover,
    ])

  static let tenantSetting = Shape(defaults)

  static let workspaceSetting = Shape(
    defaults + [
      Field(
        "defaultEastWestGatewaySettings",
        .objects([
          GatewayFields.workloadSelector("Which east-west gateways let other clusters in."),
          Field(
            "exposedServices",
            .objects([
              Field(
                "serviceLabels", .labels, "The labels that the services have.", isRequired: true)
            ]), "Which services other clusters may call.", absent: "every service of the workspace"),
          EnvelopeFields.generation,
        ]), "Which services other clusters may call; the first entry that fits decides.",
        absent: "none"),
      Field(
        "failoverSettings", TrafficFields.failoverSettings,
        "Where requests go while several clusters can take them.",
        absent: "what the organization's setting says"),
      regionalFailover,
      .later(
        "hostsReachability",
        .fields([
          Field(
            "hostnames", .list(.object(TrafficFields.match(.line))), "Conditions on the hosts.",
            isRequired: true)
        ]), "Which hosts of gateways its workloads see.", absent: "all"),
    ])
}
