/// The tables of the kinds in the API group `gateway`.
enum GatewayFields {
  static func workloadSelector(_ doc: String) -> Field {
    Field(
      "workloadSelector",
      .fields([
        Field("namespace", .text(.name), "The namespace of the gateways.", isRequired: true),
        Field("labels", .labels, "The labels that the gateways have.", isRequired: true),
      ]), doc, isRequired: true)
  }

  private static let selector = workloadSelector("Which gateways the object configures.")

  private static let waf = Field.later("waf", SecurityFields.waf, "The web application firewall.")

  private static let oldExtension = Field.later(
    "extension", SecurityFields.extensionAttachments, "Extensions that look at the traffic.")

  private static let serverName = Field(
    "name", .text(.line), "The server's name, unique in the gateway.", isRequired: true)

  private static let hostname = Field(
    "hostname", .text(.hostname), "The host that clients ask for.", isRequired: true)

  private static let port = Field(
    "port", .port, "The port that clients connect to.", isRequired: true)

  /// What HTTP servers of every kind ask of requests.
  static let requestPolicies: [Field] = [
    .later("authentication", AuthenticationFields.http, "How requests prove who sends them."),
    .later("authorization", AuthenticationFields.authorization, "Which requests are let through."),
    .later("rateLimiting", RateLimitingFields.limiting, "How many requests are let through."),
  ]

  static func routing(to route: FieldType) -> Field {
    Field(
      "routing",
      .fields([
        Field(
          "rules", .list(.object(rule(route: route)), atLeast: 1),
          "What happens with a request; the first rule that matches holds.", isRequired: true),
        .later("corsPolicy", cors, "What browsers may ask for from elsewhere."),
      ]), "Where requests go.", isRequired: true)
  }

  static let gateway = Shape([
    selector,
    Field("http", .list(.object(server)), "The HTTP servers of the gateways."),
    Field(
      "tls",
      .objects([
        serverName, hostname, port,
        Field("route", connectionRoute, "Where connections go.", isRequired: true),
        .later("failoverSettings", TrafficFields.failoverSettings, "What is near."),
      ]), "Servers that pass TLS on by the name in its handshake."),
    Field(
      "tcp",
      .objects([
        serverName, hostname,
        Field(
          "port", .port,
          "The port that clients connect to. TRANSIT and EGRESS servers have none."),
        Field("tls", TLSFields.server, "Whether clients connect by TLS.", absent: "DISABLED"),
        .later(
          "trafficMode", .choice(trafficModes), "Where connections come from.", absent: "AUTO"),
        .later(
          "transit", .boolean, "Whether connections pass through.", successor: "trafficMode"),
        Field("route", connectionRoute, "Where connections go.", isRequired: true),
        .later("failoverSettings", TrafficFields.failoverSettings, "What is near."),
      ]), "Servers for anything that is no HTTP; without TLS one has its port for itself."),
    .later("egressAuthorization", .list(.object(egressRule)), "Who may call what outside."),
    waf,
    .later(
      "wasmPlugins", SecurityFields.extensionAttachments, "Extensions that look at the traffic."),
    EnvelopeFields.generation,
  ])

  private static let egressRule = Shape([
    Field(
      "from",
      .fields([
        Field("mode", .text(.line), "Whom it is about.", successor: "resources"),
        Field("resources", .list(.text(.fqn)), "Parts of the tree."),
        Field(
          "serviceAccounts", .list(.text(.serviceAccount)),
          "Service accounts: 'NAMESPACE/ACCOUNT', 'NAMESPACE/*', './*', or '*/*' for every one."),
      ]), "Who may call.", absent: "everybody"),
    Field(
      "to",
      .objects(
        [
          Field(
            "host", .object(TrafficFields.match(.line)), "Conditions on the host.",
            isRequired: true),
          Field("methods", .texts, "The methods.", absent: "all"),
          Field("paths", .texts, "The paths.", absent: "all"),
        ], atLeast: 1), "What they may call.", isRequired: true),
    Field(
      "identityMatch",
      .choice(["UNKNOWN", "PEER_CERTIFICATE", "PERMISSIVE", "SOURCE_IDENTITY"]),
      "Behind gateways: whose identity counts.", absent: "PERMISSIVE"),
  ])

  // MARK: The three that came before

  private static let oldRoute = FieldType.fields([
    Field(
      "host", .text(.service),
      "The service, as NAMESPACE/NAME or NAMESPACE/NAME.NAMESPACE.mesh.", isRequired: true),
    Field("port", .port, "The port of the service.", absent: "its only port"),
  ])

  static let ingressGateway = Shape([
    selector,
    Field("http", .list(.object(ingressServer)), "The HTTP servers of the gateways."),
    Field(
      "tcp",
      .objects([
        serverName, hostname, port,
        Field("tls", TLSFields.server, "Whether clients connect by TLS.", absent: "DISABLED"),
        Field("route", oldRoute, "Where connections go."),
      ]), "Servers for anything that is no HTTP; without TLS one has its port for itself."),
    Field(
      "tlsPassthrough",
      .objects([
        serverName, hostname, port,
        Field("route", oldRoute, "Where connections go.", isRequired: true),
      ]), "Servers that pass TLS on by the name in its handshake."),
    oldExtension, waf, EnvelopeFields.generation,
  ])

  /// `IngressHttpServer`.
  static let ingressServer = Shape(
    [
      serverName, hostname, port,
      Field("tls", TLSFields.server, "Whether clients connect by TLS.", absent: "DISABLED"),
      routing(to: oldRoute),
    ] + requestPolicies + [
      .later(
        "xxxOldAuthentication", .anything, "As old servers wrote it.", successor: "authentication"),
      .later(
        "xxxOldAuthorization", .anything, "As old servers wrote it.", successor: "authorization"),
    ])

  static let tier1Gateway = Shape([
    selector,
    Field(
      "externalServers",
      .objects(
        [
          serverName, hostname, port,
          Field("tls", TLSFields.server, "Whether clients connect by TLS.", absent: "DISABLED"),
          clusters,
          Field("redirect", redirect, "Sends the client elsewhere."),
        ] + requestPolicies), "HTTP servers for the outside, which choose among clusters."),
    .later(
      "internalServers",
      .objects([
        serverName, hostname, clusters,
        Field("authentication", AuthenticationFields.http, "How requests prove who sends them."),
        Field(
          "authorization", AuthenticationFields.authorization, "Which requests are let through."),
      ]), "HTTP servers between the clusters."),
    Field(
      "passthroughServers", .objects([serverName, hostname, port, clusters]),
      "Servers that pass TLS on, by the name in its handshake, to clusters whose own gateways serve "
        + "the host with TLS on the same port, or on a single other one."),
    Field(
      "tcpExternalServers",
      .objects([
        serverName, hostname, port, clusters,
        Field("tls", TLSFields.server, "Whether clients connect by TLS.", absent: "DISABLED"),
      ]),
      "Servers for the outside, for anything that is no HTTP, to clusters whose own gateways have "
        + "such a server for the host on the same port, or on a single other one."),
    .later(
      "tcpInternalServers", .objects([serverName, hostname, clusters]),
      "Servers between the clusters, for anything that is no HTTP."),
    oldExtension, waf, EnvelopeFields.generation,
  ])

  static let egressGateway = Shape([
    selector.with(effect: .notYetEffective),
    .later(
      "authorization",
      .objects([
        Field(
          "from",
          SecurityFields.authorization(
            modes: SecurityFields.authorizationModes + ["SERVICE_ACCOUNT"]), "Who may call.",
          absent: "everybody"),
        Field("to", .list(.text(.line), atLeast: 1), "The hosts.", isRequired: true),
      ]), "Who may call what outside.", absent: "nobody may call anything"),
    oldExtension, EnvelopeFields.generation,
  ])
}
