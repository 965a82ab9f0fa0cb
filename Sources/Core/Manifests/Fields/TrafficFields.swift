/// Tables of the kinds in the API group `traffic`, and the shapes that gateways share with them.
enum TrafficFields {
  static let port = FieldType.integer(1...65535)

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

  static let retries = FieldType.object(
    Shape([
      Field(
        "attempts", .integer(0...100), "How often a failed request is tried again; 0 never.",
        isRequired: true),
      Field("perTryTimeout", .duration, "How long one attempt may take."),
      Field(
        "retryOn", .text(.retryConditions), "Which failures are retried, separated by commas.",
        absent: "reset,connect-failure,refused-stream,unavailable,cancelled,503"),
    ]))

  static let upstreams = FieldType.list(
    .object(
      Shape([
        Field(
          "hosts", .list(.text(.hostname), atLeast: 1),
          "The services it is for: orders.shop.mesh, *.shop.mesh, *.", isRequired: true),
        Field("settings", .object(upstreamSettings), "How they are called."),
      ])))

  private static let upstreamSettings = nested(
    ("resilience", "Against slow and failing services."),
    ("connectionPool", "Limits of connections and requests."),
    ("http", "Limits of HTTP requests."),
    innermost: Shape([
      Field(
        "requestTimeout", .duration, "How long a request may take, retries included; 0s for ever.",
        absent: "no limit"),
      Field(
        "retries", retries, "Whether failed requests are tried again.",
        absent: "2 attempts on failures that are safe to repeat"),
    ]))

  private static func nested(
    _ levels: (name: String, doc: String)..., innermost: Shape
  ) -> Shape {
    levels.reversed().reduce(innermost) { inner, level in
      Shape([Field(level.name, .object(inner), level.doc)])
    }
  }

  static let setting = Shape(
    [
      Field(
        "outbound",
        .object(
          Shape([
            Field("reachability", reachability, "What the workloads may call."),
            Field(
              "upstreamTrafficSettings", upstreams,
              "How services are called; the first entry whose hosts match a service holds."),
          ])), "How the workloads call others."),
      Field(
        "reachability", reachability, "What the workloads may call.",
        successor: "outbound.reachability"),
      Field(
        "upstreamTrafficSettings", upstreams, "How services are called.",
        successor: "outbound.upstreamTrafficSettings"),
      Field(
        "resilience",
        .object(
          Shape([
            Field("httpRequestTimeout", .duration, "How long a request to any service may take."),
            Field("httpRetries", retries, "Whether failed requests are tried again."),
          ])), "Against slow and failing services.",
        successor: "outbound.upstreamTrafficSettings with hosts ['*']"),
    ] + EnvelopeFields.common(protection: false))

  static let weight = FieldType.integer(0...100)

  static let serviceRoute = Shape(
    [
      Field(
        "service", .text(.service),
        "The service, as NAMESPACE/NAME or NAMESPACE/NAME.NAMESPACE.mesh.",
        isRequired: true),
      Field(
        "subsets",
        .list(
          .object(
            Shape([
              Field("name", .text(.name), "How routes call this version.", isRequired: true),
              Field(
                "labels", .map(keys: .labelKey, values: .text(.labelValue)),
                "The labels that its workloads have."),
              Field(
                "weight", weight,
                "Percent of the requests that no HTTP route matches; those of one service add up "
                  + "to 100.", absent: "not part of the split"),
            ]))), "The versions of the service."),
      Field(
        "httpRoutes", .list(.object(httpRoute)), "Routes for some requests, first match first."),
    ] + EnvelopeFields.common(protection: false))

  private static let httpRoute = Shape([
    Field("name", .text(.name), "The route's name, unique in the ServiceRoute.", isRequired: true),
    Field(
      "match",
      .list(
        .object(
          Shape([
            Field("name", .text(.name), "The condition's name."),
            uriMatch, headersMatch,
            Field("port", port, "The port of the service that the request is for."),
          ]))), "Which requests: those that meet one of the entries.", absent: "every request"),
    Field(
      "destination",
      .list(
        .object(
          Shape([
            Field(
              "destinationHost", .text(.service), "Another service to go to.",
              absent: "the service of this ServiceRoute"),
            Field("port", port, "The port to go to.", absent: "the port that was called"),
            Field("subset", .text(.name), "The version to go to.", absent: "every version"),
            Field(
              "weight", weight, "Percent of the requests; those of one route add up to 100.",
              absent: "100, when there is one destination"),
          ])), atLeast: 1), "Where the requests go.", isRequired: true),
  ])
}
