enum TenancyFields {
  static let organization = Shape(EnvelopeFields.common())

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
