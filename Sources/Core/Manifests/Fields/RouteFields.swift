/// The table of ServiceRoute.
enum RouteFields {
  static let weight = FieldType.integer(0...100)

  private static let stickySession = FieldType.object(
    Shape(
      [
        Field(
          "cookie",
          .fields([
            Field("name", .text(.line), "The cookie.", isRequired: true),
            Field("path", .text(.path), "The path that it is for.", isRequired: true),
            Field("ttl", .duration, "How long it lasts.", isRequired: true),
          ]), "By a cookie."),
        Field("header", .text(.headerName), "By a header."),
        Field("useSourceIp", .boolean, "By the caller's address."),
      ], exactlyOne: ["cookie", "header", "useSourceIp"]))

  private static let portLevelSettings = Field.later(
    "portLevelSettings",
    .objects([
      Field("port", .port, "The port.", isRequired: true),
      Field(
        "trafficType", .choice(["HTTP", "TCP", "TLS_PASSTHROUGH"]), "What is spoken there.",
        isRequired: true),
      Field("stickySession", stickySession, "Requests that are alike go to one instance."),
    ]), "What differs from port to port.")

  static let serviceRoute = Shape([
    Field(
      "service", .text(.service),
      "The service, as NAMESPACE/NAME or NAMESPACE/NAME.NAMESPACE.mesh.",
      isRequired: true),
    Field(
      "subsets",
      .objects([
        Field("name", .text(.name), "How routes call this version.", isRequired: true),
        Field("labels", .labels, "The labels that its workloads have."),
        Field(
          "weight", weight,
          "Percent of the requests that no HTTP route matches; those of one service add up "
            + "to 100.", absent: "not part of the split"),
        portLevelSettings,
      ]), "The versions of the service."),
    Field(
      "httpRoutes", .list(.object(httpRoute)), "Routes for some requests, first match first."),
    .later("tcpRoutes", .objects(tcpRoute), "Routes for some connections."),
    portLevelSettings,
    .later("stickySession", stickySession, "Requests that are alike go to one instance."),
    .later(
      "argoRollout",
      .fields([
        Field("virtualServiceName", .text(.name), "The VirtualService that it changes."),
        Field("destinationRuleName", .text(.name), "The DestinationRule that it changes."),
      ]), "Argo Rollouts decides about the weights."),
    EnvelopeFields.generation,
  ])

  private static let destination = Shape([
    Field(
      "destinationHost", .text(.service), "Another service to go to.",
      absent: "the service of this ServiceRoute"),
    Field("port", .port, "The port to go to.", absent: "the port that was called"),
    Field("subset", .text(.name), "The version to go to.", absent: "every version"),
    Field(
      "weight", weight, "Percent of the requests; those of one route add up to 100.",
      absent: "100, when there is one destination"),
  ])

  private static let httpRoute = Shape(
    [
      Field(
        "name", .text(.name), "The route's name, unique in the ServiceRoute.", isRequired: true),
      Field(
        "match",
        .objects([
          Field("name", .text(.name), "The condition's name."),
          TrafficFields.uriMatch, TrafficFields.headersMatch,
          Field("port", .port, "The port of the service that the request is for."),
        ]), "Which requests: those that meet one of the entries.", absent: "every request"),
      Field("destination", .list(.object(destination), atLeast: 1), "Where the requests go."),
      .later(
        "flagger",
        .fields([
          Field("canary", .text(.name), "The canary.", isRequired: true),
          Field("namespace", .text(.name), "Its namespace.", isRequired: true),
        ]), "Flagger decides where the requests go."),
      .later("fault", .object(fault), "Makes requests slow, or fail."),
      .later(
        "mirrors",
        .objects([
          Field("host", .text(.service), "Another service.", absent: "the service itself"),
          Field("port", .port, "Its port.", isRequired: true),
          Field("subset", .text(.name), "The version.", absent: "every version"),
          Field("percentage", .percentage, "How many of the requests.", absent: "100"),
        ]), "Who gets a copy of the requests."),
    ], exactlyOne: ["destination", "flagger"])

  private static let fault = Shape([
    Field(
      "delay",
      .fields([
        Field("fixedDelay", .duration, "How long requests wait."),
        Field("percentage", .percentage, "How many of them."),
      ]), "Makes requests slow."),
    Field(
      "abort",
      .object(
        Shape(
          [
            Field("httpStatus", .integer(200...599), "The status that is answered."),
            Field("grpcStatus", .text(.line), "The status of gRPC that is answered."),
            Field("percentage", .percentage, "How many requests."),
          ], atMostOne: ["httpStatus", "grpcStatus"])), "Makes requests fail."),
  ])

  private static let tcpRoute = [
    Field("name", .text(.name), "The route's name, unique in the ServiceRoute.", isRequired: true),
    Field(
      "match",
      .objects([
        Field("name", .text(.name), "The condition's name.", isRequired: true),
        Field("port", .port, "The port that was called.", isRequired: true),
      ]), "Which connections: those that meet one of the entries.", absent: "every connection"),
    Field("destination", .list(.object(destination)), "Where the connections go."),
  ]
}
