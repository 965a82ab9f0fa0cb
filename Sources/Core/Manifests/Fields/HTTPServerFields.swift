extension GatewayFields {
  /// `HttpServer` of the unified gateway.
  static let server = Shape(
    [
      Field("name", .text(.line), "The server's name, unique in the gateway.", isRequired: true),
      Field(
        "hostname", .text(.hostname),
        "The host that clients ask for; *.example.com and * match more.",
        isRequired: true),
      Field(
        "port", .port, "The port that clients connect to. TRANSIT and EGRESS servers have none."),
      Field("tls", TLSFields.server, "Whether clients connect by TLS.", absent: "DISABLED"),
      .later(
        "trafficMode", .choice(trafficModes),
        "Where requests come from. Servers for TRANSIT and EGRESS are not served yet.",
        absent: "AUTO"),
      .later("transit", .boolean, "Whether requests pass through.", successor: "trafficMode"),
      routing(to: route),
    ] + requestPolicies + [
      .later(
        "failoverSettings", TrafficFields.failoverSettings,
        "Where requests go while several clusters can take them."),
      .later(
        "openapi",
        .fields([
          Field(
            "validation",
            .fields([
              Field("enabled", .boolean, "Whether requests are checked.", absent: "false"),
              Field("pathPrefix", .text(.path), "What stands before the paths."),
            ]), "Checks requests against the API.")
        ]), "What the API's description is used for."),
      .later("extensions", extensions, "Programs that look at the requests."),
    ])

  static let trafficModes = ["AUTO", "INGRESS", "EGRESS", "TRANSIT"]

  static let cors = FieldType.fields([
    Field("allowOrigin", .texts, "Pages of which origins may ask."),
    Field("allowMethods", .texts, "Methods that they may use."),
    Field("allowHeaders", .texts, "Headers that they may send."),
    Field("exposeHeaders", .texts, "Headers that they may read."),
    Field("allowCredentials", .boolean, "Whether cookies come along."),
    Field("maxAge", .duration, "How long browsers may remember this."),
  ])

  private static let headers = FieldType.fields([
    Field("add", .map(keys: .headerName, values: .text(.line)), "Headers that are added."),
    Field("set", .map(keys: .headerName, values: .text(.line)), "Headers that are replaced."),
    Field("remove", .list(.text(.headerName)), "Headers that are removed."),
  ])

  private static let modify = FieldType.fields([
    Field(
      "rewrite",
      .fields([
        Field(
          "uri", .text(.path),
          "Replaces the path, or the part of it that a prefix condition matched."),
        Field("authority", .text(.authority), "Replaces the host."),
      ]), "Changes the request line."),
    .later(
      "headers",
      .fields([
        Field("request", headers, "Those of the request."),
        Field("response", headers, "Those of the answer."),
      ]), "Changes headers."),
  ])

  /// What happens with a request, for gateways that say differently where it goes.
  static func rule(route: FieldType) -> Shape {
    Shape(
      [
        Field(
          "match", .objects([TrafficFields.uriMatch, TrafficFields.headersMatch]),
          "Which requests: those that meet one of the entries.", absent: "every request"),
        Field("route", route, "Sends the request on."),
        Field("redirect", redirect, "Sends the client elsewhere."),
        Field("directResponse", directResponse, "Answers at the gateway."),
        Field("modify", modify, "Changes the request on its way to the service."),
        Field(
          "timeout", .duration, "How long the answer may take; 0s for ever.", absent: "no limit"),
        .later("corsPolicy", cors, "What browsers may ask for from elsewhere."),
        .later(
          "disableExternalAuthorization", .boolean, "Whether nobody else is asked.",
          absent: "false"),
        .later("extensions", extensions, "Programs that look at the requests."),
      ], exactlyOne: ["route", "redirect", "directResponse"])
  }

  /// `GatewayRoute`.
  static let route = FieldType.object(
    Shape(
      [
        Field(
          "serviceDestination",
          .fields([
            Field(
              "host", .text(.service),
              "The service, as NAMESPACE/NAME or NAMESPACE/NAME.NAMESPACE.mesh.", isRequired: true),
            Field("port", .port, "The port of the service.", absent: "its only port"),
            .later("tls", TLSFields.client, "How the service is connected to."),
          ]), "A service of the mesh."),
        Field(
          "clusterDestination", .fields([clusters]),
          "The clusters whose own gateways serve the host.", absent: "every such cluster"),
      ], atMostOne: ["serviceDestination", "clusterDestination"]))

  /// Where connections go.
  static let connectionRoute = FieldType.object(
    Shape(
      [
        Field(
          "serviceDestination",
          .fields([
            Field(
              "host", .text(.service),
              "The service, as NAMESPACE/NAME or NAMESPACE/NAME.NAMESPACE.mesh.", isRequired: true),
            Field(
              "port", .port, "The port of the service, which is not for HTTP.",
              absent: "its only port"),
            .later("tls", TLSFields.client, "How the service is connected to."),
          ]), "A service of the mesh."),
        Field(
          "clusterDestination", .fields([clusters]),
          "The clusters whose own gateways serve the host on the same port, or on a single other one.",
          absent: "every such cluster"),
      ], atMostOne: ["serviceDestination", "clusterDestination"]))

  static let clusters = Field(
    "clusters",
    .list(
      .object(
        Shape(
          [
            Field("name", .text(.name), "One cluster."),
            Field("labels", .labels, "Every cluster with these labels."),
            Field(
              "weight", RouteFields.weight,
              "The share of each of these clusters; either all entries have one or none has.",
              absent: "near clusters first"),
            .later("network", .text(.name), "Its network.", successor: "nothing: it is known"),
          ], exactlyOne: ["name", "labels"]))), "Which clusters.",
    absent: "every cluster that serves the host")

  static let redirect = FieldType.fields([
    Field("scheme", .text(scheme), "http or https.", absent: "as asked"),
    Field("authority", .text(.authority), "The host to go to.", absent: "as asked"),
    Field("port", .port, "The port to go to.", absent: "as asked"),
    Field("uri", .text(.path), "The path to go to.", absent: "as asked"),
    Field(
      "redirectCode", .integer(300...399), "The status: 301, 302, 303, 307 or 308.", absent: "301"),
  ])

  private static let scheme = TextFormat("http|https", pattern: "^https?$") { text in
    ["http", "https"].contains(text) ? nil : "is neither 'http' nor 'https'"
  }

  static let directResponse = FieldType.fields([
    Field("status", .integer(200...599), "The status of the answer.", isRequired: true),
    Field(
      "body",
      .object(
        Shape(
          [
            Field("string", .text(.body), "The text, at most 4,096 bytes."),
            .later("bytes", .text(.longText), "The bytes, in base64."),
          ], atMostOne: ["string", "bytes"])), "The body of the answer.", absent: "an empty body"),
  ])

  static let extensions = FieldType.fields([
    Field(
      "lua",
      .fields([
        Field("name", .text(.line), "The script's name."),
        Field("inlineCode", .text(.longText), "The script."),
        Field("priority", .count, "Its place among the others."),
      ]), "A script."),
    Field(
      "dynamicModule",
      .fields([
        Field("name", .text(.line), "The name of the filter in the module."),
        Field("module", .text(.line), "The module.", absent: "composer"),
        Field("config", .anything, "What it is told."),
        Field("priority", .count, "Its place among the others."),
      ]), "A module that Envoy loads."),
    Field(
      "composer",
      .fields([
        Field(
          "plugins",
          .objects([
            Field("name", .text(.line), "The plugin.", isRequired: true),
            Field("url", .text(.line), "Where it comes from."),
            Field(
              "config",
              .fields([
                Field("inline", .text(.longText), "As text."),
                Field("configMap", .text(.line), "In a config map."),
                Field("secret", .text(.secretName), "In a secret."),
              ]), "What it is told."),
            Field("priority", .count, "Its place among the others."),
          ]), "The plugins.")
      ]), "Plugins of the composer."),
    Field(
      "kong",
      .fields([
        Field(
          "plugins",
          .objects([
            Field("name", .text(.line), "The plugin.", isRequired: true),
            Field(
              "config",
              .fields([
                Field("inline", .text(.longText), "As text."),
                Field("secret", .text(.secretName), "In a secret."),
              ]), "What it is told."),
            Field(
              "pluginSource",
              .fields([
                Field("configMap", .text(.line), "The config map.", isRequired: true)
              ]), "Where its program is."),
            Field("priority", .count, "Its place among the others."),
          ]), "The plugins.")
      ]), "Plugins of Kong."),
  ])
}
