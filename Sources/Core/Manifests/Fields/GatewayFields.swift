/// The table of the kind in the API group `gateway`.
enum GatewayFields {
  static let tlsModes = ["DISABLED", "SIMPLE", "MUTUAL"]

  static let gateway = Shape(
    [
      workloadSelector("Which gateways the object configures."),
      Field("http", .list(.object(server)), "The HTTP servers of the gateways."),
    ] + EnvelopeFields.common(protection: false))

  static func workloadSelector(_ doc: String) -> Field {
    Field(
      "workloadSelector",
      .object(
        Shape([
          Field("namespace", .text(.name), "The namespace of the gateways.", isRequired: true),
          Field(
            "labels", .map(keys: .labelKey, values: .text(.labelValue)),
            "The labels that the gateways have.", isRequired: true),
        ])), doc, isRequired: true)
  }

  private static let server = Shape([
    Field("name", .text(.name), "The server's name, unique in the gateway.", isRequired: true),
    Field(
      "hostname", .text(.hostname),
      "The host that clients ask for; *.example.com and * match more.",
      isRequired: true),
    Field("port", TrafficFields.port, "The port that clients connect to.", isRequired: true),
    Field("tls", .object(tls), "Whether clients connect by TLS.", absent: "DISABLED"),
    Field(
      "routing",
      .object(
        Shape([
          Field(
            "rules", .list(.object(rule), atLeast: 1),
            "What happens with a request; the first rule that matches holds.", isRequired: true)
        ])), "Where requests go.", isRequired: true),
  ])

  private static let tls = Shape([
    Field(
      "mode", .choice(tlsModes), "SIMPLE: the server has a certificate. MUTUAL: clients too.",
      absent: "DISABLED"),
    Field(
      "files",
      .object(
        Shape([
          Field(
            "serverCertificate", .text(.filePath), "The certificate chain on the gateway's machine."
          ),
          Field("privateKey", .text(.filePath), "The private key on the gateway's machine."),
          Field(
            "caCertificates", .text(.filePath),
            "With MUTUAL: the authorities of clients, on the gateway's machine."),
        ])), "Where certificate and key are."),
  ])

  private static let rule = Shape(
    [
      Field(
        "match", .list(.object(Shape([TrafficFields.uriMatch, TrafficFields.headersMatch]))),
        "Which requests: those that meet one of the entries.", absent: "every request"),
      Field("route", .object(route), "Sends the request on."),
      Field("redirect", .object(redirect), "Sends the client elsewhere."),
      Field("directResponse", .object(directResponse), "Answers at the gateway."),
      Field(
        "modify",
        .object(
          Shape([
            Field(
              "rewrite",
              .object(
                Shape([
                  Field(
                    "uri", .text(.path),
                    "Replaces the path, or the part of it that a prefix condition matched."),
                  Field("authority", .text(.authority), "Replaces the host."),
                ])), "Changes the request line.")
          ])), "Changes the request on its way to the service."),
      Field(
        "timeout", .duration, "How long the answer may take; 0s for ever.", absent: "no limit"),
    ], exactlyOne: ["route", "redirect", "directResponse"])

  private static let route = Shape(
    [
      Field(
        "serviceDestination",
        .object(
          Shape([
            Field(
              "host", .text(.service),
              "The service, as NAMESPACE/NAME or NAMESPACE/NAME.NAMESPACE.mesh.", isRequired: true),
            Field(
              "port", TrafficFields.port, "The port of the service.", absent: "its only port"),
          ])), "A service of the mesh."),
      Field(
        "clusterDestination",
        .object(
          Shape([
            Field(
              "clusters", .list(.object(clusterDestination)), "Which clusters.",
              absent: "every cluster that serves the host")
          ])), "The clusters whose own gateways serve the host."),
    ], exactlyOne: ["serviceDestination", "clusterDestination"])

  private static let clusterDestination = Shape(
    [
      Field("name", .text(.name), "One cluster."),
      Field(
        "labels", .map(keys: .labelKey, values: .text(.labelValue)),
        "Every cluster with these labels."),
      Field(
        "weight", TrafficFields.weight,
        "The share of each of these clusters; either all entries have one or none has.",
        absent: "near clusters first"),
    ], exactlyOne: ["name", "labels"])

  private static let redirect = Shape([
    Field("scheme", .text(scheme), "http or https.", absent: "as asked"),
    Field("authority", .text(.authority), "The host to go to.", absent: "as asked"),
    Field("port", TrafficFields.port, "The port to go to.", absent: "as asked"),
    Field("uri", .text(.path), "The path to go to.", absent: "as asked"),
    Field(
      "redirectCode", .integer(300...399), "The status: 301, 302, 303, 307 or 308.", absent: "301"),
  ])

  private static let scheme = TextFormat("http|https", pattern: "^https?$") { text in
    ["http", "https"].contains(text) ? nil : "is neither 'http' nor 'https'"
  }

  private static let directResponse = Shape([
    Field("status", .integer(200...599), "The status of the answer.", isRequired: true),
    Field(
      "body",
      .object(Shape([Field("string", .text(.body), "The text, at most 4,096 bytes.")])),
      "The body of the answer.", absent: "an empty body"),
  ])
}
