/// The table of the kind in the API group `security`.
enum SecurityFields {
  static let trafficModes = ["UNSET", "OPTIONAL", "REQUIRED"]
  static let authorizationModes = [
    "UNSET", "NAMESPACE", "GROUP", "WORKSPACE", "CLUSTER", "DISABLED", "CUSTOM", "RULES",
  ]

  private static func party(_ name: String, _ doc: String) -> Field {
    Field(
      name,
      .object(
        Shape([
          Field(
            "fqn", .text(.fqn), "The FQN of a tenant, a workspace or a security group.",
            isRequired: true)
        ])), doc, isRequired: true)
  }

  private static let ruleList = FieldType.list(
    .object(Shape([party("from", "The callers."), party("to", "The workloads that are called.")])))

  static let setting = Shape(
    [
      Field(
        "authenticationSettings",
        .object(
          Shape([
            Field(
              "trafficMode", .choice(trafficModes),
              "REQUIRED refuses callers without a certificate of the mesh; OPTIONAL lets them in.",
              absent: "UNSET: inherited, and REQUIRED when nobody says otherwise")
          ])), "How callers prove who they are."),
      Field(
        "authentication", .choice(trafficModes), "Whether callers need a certificate.",
        successor: "authenticationSettings.trafficMode"),
      Field(
        "authorization",
        .object(
          Shape([
            Field(
              "mode", .choice(authorizationModes),
              "Who may call: workloads of the same namespace, group, workspace, anybody with an "
                + "identity of the cluster, anybody (DISABLED), the listed service accounts "
                + "(CUSTOM), or by rules (RULES).", absent: "UNSET: inherited"),
            Field(
              "serviceAccounts", .list(.text(.serviceAccount)),
              "With CUSTOM: 'NAMESPACE/ACCOUNT', 'NAMESPACE/*' or './*'."),
            Field(
              "rules",
              .object(
                Shape([
                  Field(
                    "allow", ruleList,
                    "Who may call; without an entry everybody may, with one nobody else."),
                  Field("deny", ruleList, "Who may not, whatever 'allow' says."),
                  Field(
                    "denyAll", .boolean, "Nobody may call, whatever 'allow' says.",
                    absent: "false"),
                ])), "With RULES: who may call whom."),
          ])), "Who may call."),
    ] + EnvelopeFields.common(protection: false))
}
