/// How many requests are let through.
enum RateLimitingFields {
  private static let words = TrafficFields.match(.line)

  private static let header = Field(
    "header",
    .fields([
      Field("name", .text(.headerName), "The header.", isRequired: true),
      Field("value", .object(words), "A condition on its value.", absent: "each value by itself"),
      Field(
        "dontMatch", .boolean, "Whether the condition must not hold.", absent: "false"),
    ]), "Counts requests by a header.")

  /// What requests are counted by: of each dimension exactly one of `fields`.
  private static func dimensions(
    _ fields: [Field], _ doc: String = "What has to be alike for requests to be counted together."
  ) -> Field {
    Field(
      "dimensions",
      .list(.object(Shape(fields, exactlyOne: fields.map(\.name))), atLeast: 1), doc,
      isRequired: true)
  }

  private static let settings = Shape([
    Field(
      "rules",
      .objects(
        [
          dimensions(
            [
              header,
              Field(
                "remoteAddress",
                .fields([
                  Field(
                    "value", .text(.line), "An address, or * for each address by itself.")
                ]), "Counts requests by the caller's address."),
            ]),
          Field(
            "limit",
            .fields([
              Field("requestsPerUnit", .count, "How many requests.", isRequired: true),
              Field(
                "unit", .choice(["SECOND", "MINUTE", "HOUR", "DAY"]), "In how much time.",
                isRequired: true),
            ]), "How many are let through.", isRequired: true),
        ], atLeast: 1), "Limits, all of which count.", isRequired: true),
    Field("failClosed", .boolean, "Refuse everything when nobody can count.", absent: "false"),
    Field("timeout", .duration, "How long counting may take.", absent: "20ms"),
  ])

  private static let external = Shape([
    Field("domain", .text(.line), "The domain of the counters.", isRequired: true),
    Field("rateLimitServerUri", .text(.line), "The server that counts.", isRequired: true),
    Field(
      "rules",
      .objects(
        [
          dimensions(
            [
              Field(
                "requestHeaders",
                .fields([
                  Field("headerName", .text(.headerName), "The header.", isRequired: true),
                  Field("descriptorKey", .text(.line), "Its key.", isRequired: true),
                ]), "The value of a header."),
              Field(
                "headerValueMatch",
                .fields([
                  Field(
                    "headers", .map(keys: .headerName, values: .object(words)),
                    "Conditions on headers.", isRequired: true),
                  Field("descriptorValue", .text(.line), "Its value.", isRequired: true),
                  Field(
                    "dontMatch", .boolean, "Whether they must not hold.", absent: "false"),
                ]), "Whether headers meet conditions."),
              Field("remoteAddress", .fields([]), "The caller's address."),
              Field("sourceCluster", .fields([]), "The calling Envoy's own cluster."),
              Field("destinationCluster", .fields([]), "The cluster that is called."),
            ],
            "What the server is told of a request.")
        ], atLeast: 1), "What the server is told.", isRequired: true),
    Field("failClosed", .boolean, "Refuse everything when it does not answer.", absent: "false"),
    Field("timeout", .duration, "How long its answer may take.", absent: "20ms"),
    Field("tls", TLSFields.client, "How it is connected to."),
  ])

  private static let local = Shape([
    Field(
      "rules",
      .objects(
        [
          dimensions([header, Field("remoteAddress", .fields([]), "The caller's address.")]),
          Field(
            "tokenBucket",
            .fields([
              Field("maxTokens", .count, "The largest burst.", isRequired: true),
              Field("fillInterval", .duration, "How often it is filled.", isRequired: true),
              Field("tokensPerFill", .count, "With how many.", absent: "1"),
            ]), "How many are let through.", isRequired: true),
        ], atLeast: 1), "Limits that every Envoy counts by itself.", isRequired: true),
    Field("maxWildcardDimensions", .count, "How many values are told apart."),
  ])

  static let limiting = FieldType.object(
    Shape(
      [
        Field("settings", .object(settings), "The mesh counts, for all Envoys together."),
        Field("externalService", .object(external), "A server of your own counts."),
        Field("local", .object(local), "Every Envoy counts by itself."),
      ], exactlyOne: ["settings", "externalService", "local"]))
}
