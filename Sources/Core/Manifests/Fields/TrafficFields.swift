/// Tables of the kinds in the API group `traffic`, and the shapes that gateways share with them.
enum TrafficFields {
  /// A condition on a text; `exact` and `prefix` may have a format of their own.
  static func match(_ format: TextFormat) -> Shape {
    Shape(
      [
        Field("exact", .text(format), "Equal to this text."),
        Field("prefix", .text(format), "Beginning with this text."),
        Field("regex", .text(.regularExpression), "Matched as a whole by this RE2 expression."),
      ], exactlyOne: ["exact", "prefix", "regex"])
  }

  static let uriMatch = Field(
    "uri", .object(match(.path)), "A condition on the path, without the query.")

  static let headersMatch = Field(
    "headers", .map(keys: .headerName, values: .object(match(.headerValue))),
    "Conditions on headers, all of which have to hold.")

  static let reachability = FieldType.object(
    Shape([
      Field(
        "mode", .choice(["UNSET", "NAMESPACE", "GROUP", "WORKSPACE", "CLUSTER", "CUSTOM"]),
        "How far calls may go: within the namespace, the group, the workspace, to everything in "
          + "the cluster, or to the listed hosts.", absent: "UNSET: inherited"),
      Field(
        "hosts", .list(.text(.reachHost)),
        "With CUSTOM: './*', 'NAMESPACE/*', 'NAMESPACE/NAME' or '*/NAME'."),
    ]))

  static let retries = FieldType.fields([
    Field(
      "attempts", .integer(0...100), "How often a failed request is tried again; 0 never.",
      isRequired: true),
    Field("perTryTimeout", .duration, "How long one attempt may take."),
    Field(
      "retryOn", .text(.retryConditions), "Which failures are retried, separated by commas.",
      absent: "reset,connect-failure,refused-stream,unavailable,cancelled,503"),
    .later(
      "retryBackOff",
      .fields([
        Field(
          "baseInterval", .duration, "The pause before the first attempt again.", isRequired: true),
        Field("maxInterval", .duration, "The longest pause."),
      ]), "How long to wait between attempts."),
  ])

  static let keepAlive = FieldType.fields([
    Field("idleTime", .count, "Seconds without traffic before the first probe."),
    Field("interval", .count, "Seconds between probes."),
    Field("probes", .count, "How many unanswered probes end the connection."),
  ])

  static let sensitivities = ["UNSET", "LOW", "MEDIUM", "HIGH", "CUSTOM"]

  static let failoverSettings = FieldType.fields([
    Field(
      "topologyChoice", .choice(["NONE", "CLUSTER", "LOCALITY"]),
      "Who is called first: everybody alike (NONE), the own cluster, then its region, then the "
        + "others (CLUSTER), or the own region, then the others (LOCALITY).", absent: "CLUSTER"),
    .later(
      "failoverPriority", .texts,
      "Labels, as KEY or KEY=VALUE; who shares most of them from the start is called first."),
    .later(
      "regionalFailover",
      .objects([
        Field("from", .text(.labelValue), "The region of the callers."),
        Field("to", .text(.labelValue), "The region that takes over."),
      ]), "Which region takes over from which."),
    .later(
      "automaticLoadBalancing",
      .fields([Field("enabled", .boolean, "Whether clusters share the load by what is measured.")]),
      "Balances between clusters by what is measured."),
  ])

  static let inbound = FieldType.fields([
    Field(
      "failoverSettings", failoverSettings,
      "Where requests to these workloads go while several clusters can take them."),
    .later("rateLimiting", RateLimitingFields.limiting, "How many requests are let through."),
    .later(
      "resilience",
      .fields([
        Field(
          "connectionPool",
          .fields([
            Field(
              "tcp", .fields([Field("keepAlive", keepAlive, "Probes of idle connections.")]),
              "Of connections.")
          ]), "Limits of connections."),
        Field(
          "meshTimeout",
          .fields([
            Field("maxConnectionDuration", .duration, "How long a connection may last."),
            Field(
              "maxDownstreamConnectionDuration", .duration,
              "How long a connection of a client may last."),
            Field("maxStreamDuration", .duration, "How long a request may last."),
            Field(
              "proxyType", .choice(["ANY", "SIDECAR", "GATEWAY"]), "Which proxies it is for.",
              absent: "ANY"),
          ]), "How long connections and requests may last."),
      ]), "Against callers that ask too much."),
  ])

  static let egress = FieldType.fields([
    Field(
      "host", .text(.namespacedHost), "The egress gateway, as NAMESPACE/HOST.", isRequired: true)
  ])

  static let outbound = FieldType.fields([
    Field("reachability", reachability, "What the workloads may call."),
    Field(
      "upstreamTrafficSettings", upstreams,
      "How services are called; the first entry whose hosts match a service holds."),
    .later("egress", egress, "Where calls to the outside go."),
  ])

  static let setting = Shape(settingFields + [EnvelopeFields.generation])

  /// A setting that is a part of another object.
  static let embedded = FieldType.object(setting)

  private static let settingFields = [
    Field("inbound", inbound, "How the workloads are called."),
    Field("outbound", outbound, "How the workloads call others."),
    Field(
      "reachability", reachability, "What the workloads may call.",
      successor: "outbound.reachability"),
    Field(
      "upstreamTrafficSettings", upstreams, "How services are called.",
      successor: "outbound.upstreamTrafficSettings"),
    .later(
      "egress",
      .fields([
        Field(
          "host", .text(.namespacedHost), "The egress gateway, as NAMESPACE/HOST.",
          isRequired: true),
        Field("port", .port, "Its port.", successor: "nothing: its only port is meant"),
      ]), "Where calls to the outside go.", successor: "outbound.egress"),
    .later(
      "rateLimiting", RateLimitingFields.limiting, "How many requests are let through.",
      successor: "inbound.rateLimiting"),
    Field(
      "resilience",
      .fields([
        Field("httpRequestTimeout", .duration, "How long a request to any service may take."),
        Field("httpRetries", retries, "Whether failed requests are tried again."),
        .later(
          "circuitBreakerSensitivity", .choice(sensitivities),
          "How soon an instance that fails is left out.", absent: "UNSET"),
        .later("keepAlive", tcpProbes, "Probes of idle connections."),
        .later("tcpKeepalive", tcpProbes, "Probes of idle connections.", successor: "keepAlive"),
      ]), "Against slow and failing services.",
      successor: "outbound.upstreamTrafficSettings with hosts ['*']"),
  ]

  private static let tcpProbes = FieldType.fields([
    Field(
      "tcp",
      .fields([
        Field("upstream", keepAlive, "To the services that are called."),
        Field("downstream", keepAlive, "From callers."),
      ]), "Of connections.")
  ])

  static let serviceSetting = Shape([
    service("The service whose workloads it is for."),
    Field("settings", embedded, "What differs from the group's setting.", isRequired: true),
    EnvelopeFields.generation,
  ])

  static func service(_ doc: String) -> Field {
    Field(
      "service", .text(.service), "\(doc) As NAMESPACE/NAME or NAMESPACE/NAME.NAMESPACE.mesh.",
      isRequired: true)
  }
}
