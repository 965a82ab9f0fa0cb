/// The tables of the kinds that say where gateways run, and who shares them.
enum InstallFields {
  private static let types = ["UNIFIED", "INGRESS", "EGRESS", "EASTWEST"]

  private static let deployment: [Field] = [
    .later("type", .choice(types), "What the gateway is for.", absent: "UNIFIED"),
    .later("revision", .text(.line), "The revision of the control plane that it belongs to."),
    .later("concurrency", .count, "How many threads it uses."),
    .later("connectionDrainDuration", .duration, "How long it finishes what it has begun."),
    .later("kubeSpec", .anything, "How it runs in Kubernetes."),
  ]

  static let gateway = Shape(
    [
      .later("targetCluster", .text(.name), "The cluster that it runs in."),
      .later("targetNamespace", .text(.name), "The namespace that it runs in."),
    ] + deployment + [
      .later("proxyConfigOverride", .text(.longText), "What its Envoys are told besides."),
      .later(
        "terminationGracePeriodSeconds", .count, "How long it may take to stop, in seconds."),
      EnvelopeFields.generation,
    ])

  private static let labelsSelector = Field(
    "labelsSelector", .fields([Field("labels", .labels, "The labels.")]), "By labels.")

  static let template = Shape(
    [
      .later("gatewaySpec", .fields(deployment), "The gateways.", isRequired: true),
      .later("allClustersSelector", .boolean, "Every cluster gets one."),
      .later(
        "clusterSelector",
        .object(
          Shape(
            [
              Field("name", .text(.name), "One cluster."), labelsSelector,
              Field(
                "namespaceSelector",
                .list(
                  .object(
                    Shape(
                      [Field("name", .text(.name), "One namespace."), labelsSelector],
                      exactlyOne: ["name", "labelsSelector"]))), "In which namespaces."),
            ], atMostOne: ["name", "labelsSelector"])), "Some clusters get one."),
      .later(
        "environmentSelector",
        .fields([Field("provider", .text(.line), "Who runs the cluster.", isRequired: true)]),
        "The clusters of a provider get one."),
      .later(
        "gatewayWorkloadSelector",
        .fields([
          Field(
            "labelsSelector", .fields([Field("labels", .labels, "The labels.")]), "By labels.",
            isRequired: true)
        ]), "Which gateways it is for."),
      .later("priority", .count, "Which of several templates holds: 0 before all others."),
      EnvelopeFields.protection,
    ], exactlyOne: ["allClustersSelector", "clusterSelector", "environmentSelector"])

  static let grant = Shape([
    .later(
      "from",
      .fields([
        Field(
          "fqn", .text(.fqn), "A tenant, a workspace or a gateway group.", isRequired: true)
      ]), "Who may use the gateways.", isRequired: true),
    .later(
      "gatewaySelectors",
      .list(
        .object(
          Shape(
            [
              Field(
                "nameSelector",
                .fields([Field("name", .text(.name), "The name.", isRequired: true)]), "By name."),
              Field(
                "appLabelSelector",
                .fields([
                  Field("appLabel", .text(.labelValue), "The label app.", isRequired: true),
                  Field("namespace", .text(.name), "The namespace.", isRequired: true),
                ]), "By the label app."),
            ], exactlyOne: ["nameSelector", "appLabelSelector"])), atLeast: 1),
      "Which gateways.", isRequired: true),
    .later(
      "updateProtectionEnabled", .boolean, "Refuses every change of the grant while it is on.",
      absent: "false"),
  ])
}
