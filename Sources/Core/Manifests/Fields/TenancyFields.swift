enum TenancyFields {
  static let organization = Shape(EnvelopeFields.common())

  private static let topologyChoices = ["NONE", "CLUSTER", "LOCALITY"]

  private static func failoverSettings(absent: String) -> Field {
    Field(
      "failoverSettings",
      .object(
        Shape([
          Field(
            "topologyChoice", .choice(topologyChoices),
            "Who is called first: everybody alike (NONE), the own cluster, then its region, then "
              + "the others (CLUSTER), or the own region, then the others (LOCALITY).",
            absent: absent)
        ])), "Where requests go while several clusters can take them.")
  }

  static let organizationSetting = Shape(
    [
      Field(
        "networkSettings",
        .object(
          Shape([
            Field(
              "networkReachability", .map(keys: .name, values: .text(.networks)),
              "By network: the other networks that it reaches, separated by commas. A network "
                + "always reaches itself.",
              absent: "a network reaches those with edge gateways, and these reach every network")
          ])), "How networks are connected."),
      failoverSettings(absent: "CLUSTER"),
    ] + EnvelopeFields.common(protection: false))

  static let workspaceSetting = Shape(
    [
      Field(
        "defaultEastWestGatewaySettings",
        .list(
          .object(
            Shape([
              GatewayFields.workloadSelector("Which east-west gateways let other clusters in."),
              Field(
                "exposedServices",
                .list(
                  .object(
                    Shape([
                      Field(
                        "serviceLabels", .map(keys: .labelKey, values: .text(.labelValue)),
                        "The labels that the services have.", isRequired: true)
                    ]))), "Which services other clusters may call.",
                absent: "every service of the workspace"),
            ]))), "Which services other clusters may call; the first entry that fits decides.",
        absent: "none"),
      failoverSettings(absent: "what the organization's setting says"),
    ] + EnvelopeFields.common(protection: false))

  static let tenant = Shape(EnvelopeFields.common())

  static let cluster = Shape(
    [
      Field(
        "network", .text(.name),
        "The network that its workloads are in; clusters of one network reach each other directly.",
        absent: "a network of its own, named like the cluster"),
      Field(
        "trustDomain", .text(.trustDomain),
        "The SPIFFE trust domain of its workloads. It cannot be changed later.",
        absent: "<cluster>.<organization>.mesh"),
      Field(
        "labels", .map(keys: .labelKey, values: .text(.labelValue)),
        "Marks by which gateways choose clusters; those of metadata count too."),
      Field(
        "locality",
        .object(
          Shape([
            Field(
              "region", .text(.labelValue), "Where it is; clusters of one region are near.",
              isRequired: true)
          ])), "Where it is.", absent: "near no other cluster"),
    ] + EnvelopeFields.common())

  static let namespaceSelector = Field(
    "namespaceSelector",
    .object(
      Shape([
        Field(
          "names", .list(.text(.namespaceTerm), atLeast: 1),
          "Namespaces as CLUSTER/NAMESPACE: */shop, east/shop, east/*, */*, east/shop*.",
          isRequired: true)
      ])), "Which namespaces of which clusters it owns. Ownership is exclusive.", isRequired: true)

  static let workspace = Shape([namespaceSelector] + EnvelopeFields.common())

  static let group = Shape(
    [
      namespaceSelector,
      Field(
        "configMode", .choice(["BRIDGED", "DIRECT"]),
        "BRIDGED: the kinds of this API. DIRECT: raw Istio objects, which take no effect yet.",
        effect: .notYetEffective, absent: "BRIDGED"),
    ] + EnvelopeFields.common())
}
