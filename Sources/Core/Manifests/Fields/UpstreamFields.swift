extension TrafficFields {
  /// `UpstreamTrafficSetting`.
  static let upstreams = FieldType.objects([
    Field(
      "hosts", .list(.text(.hostname), atLeast: 1),
      "The services it is for: orders.shop.mesh, *.shop.mesh, *.", isRequired: true),
    Field("settings", .object(upstreamSettings), "How they are called."),
  ])

  private static let upstreamSettings = Shape([
    .later(
      "authentication",
      .fields([
        Field(
          "trafficMode", .choice(["UNSET", "OPTIONAL", "REQUIRED"]),
          "REQUIRED starts mutual TLS even where no proxy is known.", absent: "UNSET")
      ]), "How the caller proves who it is."),
    .later("loadBalancer", .object(loadBalancer), "Which instance gets a request."),
    Field(
      "resilience",
      .fields([
        .later(
          "circuitBreakerSensitivity", .choice(sensitivities),
          "How soon an instance that fails is left out; CUSTOM: as outlierDetection says.",
          absent: "UNSET"),
        Field(
          "connectionPool",
          .fields([
            Field("http", .object(http), "Limits of HTTP requests."),
            .later("tcp", .object(tcp), "Limits of connections."),
          ]), "Limits of connections and requests."),
        .later("outlierDetection", .object(outliers), "When an instance that fails is left out."),
      ]), "Against slow and failing services."),
  ])

  private static let http = Shape([
    Field(
      "requestTimeout", .duration, "How long a request may take, retries included; 0s for ever.",
      absent: "no limit"),
    Field(
      "retries", retries, "Whether failed requests are tried again.",
      absent: "2 attempts on failures that are safe to repeat"),
    .later("maxRequests", .count, "How many requests may be under way."),
    .later("maxRequestsPerConnection", .count, "How many requests a connection serves."),
  ])

  private static let tcp = Shape([
    Field("connectTimeout", .duration, "How long connecting may take.", absent: "10s"),
    Field("keepAlive", keepAlive, "Probes of idle connections."),
    Field("maxConnections", .count, "How many connections there may be.", absent: "no limit"),
  ])

  private static let loadBalancer = Shape(
    [
      Field(
        "simple",
        .choice(["UNSPECIFIED", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"]),
        "A rule that looks at no request."),
      Field(
        "consistentHash",
        .object(
          Shape(
            [
              Field("httpHeaderName", .text(.headerName), "By a header."),
              Field(
                "httpCookie",
                .fields([
                  Field("name", .text(.line), "The cookie.", isRequired: true),
                  Field("ttl", .duration, "How long it lasts.", isRequired: true),
                  Field("path", .text(.path), "The path that it is for."),
                ]), "By a cookie, which is set where it is missing."),
              Field("useSourceIp", .boolean, "By the caller's address."),
              Field("httpQueryParameterName", .text(.line), "By a parameter of the query."),
              Field(
                "ringHash",
                .fields([
                  Field("minimumRingSize", .count, "The smallest ring.", absent: "1024")
                ]), "On a ring."),
              Field(
                "maglev",
                .fields([
                  Field("tableSize", .count, "The size of the table.", isRequired: true)
                ]), "In a table."),
            ],
            exactlyOne: ["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"],
            atMostOne: ["ringHash", "maglev"])), "Requests that are alike go to one instance."),
    ], exactlyOne: ["simple", "consistentHash"])

  private static let percent = FieldType.integer(0...100)

  private static let outliers = Shape([
    Field("consecutive5xx", .count, "Errors in a row before it is left out.", absent: "5"),
    Field("enforcingConsecutive5xx", percent, "How likely that is, in percent.", absent: "0"),
    Field(
      "consecutiveGatewayFailure", .count, "Gateway errors in a row before it is left out.",
      absent: "5"),
    Field(
      "enforcingConsecutiveGatewayFailure", percent, "How likely that is, in percent.",
      absent: "100"),
    Field(
      "consecutiveLocalOriginFailure", .count,
      "Failures to connect in a row before it is left out."),
    Field(
      "enforcingConsecutiveLocalOriginFailure", percent, "How likely that is, in percent."),
    Field(
      "splitExternalLocalOriginErrors", .boolean,
      "Whether failures to connect are counted by themselves.", absent: "false"),
    Field("interval", .duration, "How often it is looked at.", absent: "10s"),
    Field("baseEjectionTime", .duration, "For how long it is left out at first.", absent: "30s"),
    Field("maxEjectionTime", .duration, "For how long at most.", absent: "300s"),
    Field("maxEjectionPercent", percent, "How many instances at most, in percent.", absent: "100"),
  ])
}
