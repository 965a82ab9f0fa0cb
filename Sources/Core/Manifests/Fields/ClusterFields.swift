/// The tables of clusters.
enum ClusterFields {
  static let cluster = Shape([
    Field(
      "network", .text(.name),
      "The network that its workloads are in; clusters of one network reach each other directly.",
      absent: "a network of its own, named like the cluster"),
    Field(
      "trustDomain", .text(.trustDomain),
      "The SPIFFE trust domain of its workloads. It cannot be changed later.",
      absent: "<cluster>.<organization>.mesh"),
    Field(
      "labels", .labels,
      "Marks by which gateways choose clusters; those of metadata count too."),
    Field(
      "locality",
      .fields([
        Field(
          "region", .text(.labelValue), "Where it is; clusters of one region are near.",
          isRequired: true)
      ]), "Where it is.", absent: "near no other cluster"),
    .later("tokenTtl", .duration, "How long the token of its agent is good.", absent: "1h"),
    .later(
      "namespaceScope",
      .fields([
        Field(
          "scope", .choice(["GLOBAL", "LOCAL"]),
          "Whether namespaces of one name are one namespace in all clusters."),
        Field("exceptions", .list(.text(.name)), "Namespaces for which the opposite holds."),
      ]), "Whether namespaces of one name are one namespace in all clusters."),
    .later(
      "tier1Cluster", .boolean, "Whether edge gateways run in it.",
      successor: "nothing: the roles of gateways say so"),
    EnvelopeFields.generation, EnvelopeFields.protection,
    .output("installTemplate", .anything, "How its agent is installed."),
    .output("namespaces", .list(.anything), "What runs in it."),
    .output("state", .anything, "How it is."),
    .output("serviceAccount", .text(.longText), "The credential of its agent, once."),
  ])

  static let onboarding = Shape([
    .later(
      "namespaces",
      .objects([
        Field("name", .text(.name), "The namespace.", isRequired: true),
        Field(
          "desiredState",
          .choice([
            "DESIRED_UNDEFINED", "UNASSIGNED", "DISABLED", "IGNORED", "ONBOARDED", "SYSTEM",
          ]), "What is to become of it.", absent: "DESIRED_UNDEFINED"),
      ]), "Which namespaces take part.", isRequired: true)
  ])

  static let onboardingPolicy = Shape([
    .later("namespace", .text(.name), "The namespace of the workload groups.", isRequired: true),
    .later(
      "allow",
      .objects([
        Field(
          "workloads",
          .list(
            .object(
              Shape(
                [
                  Field(
                    "aws",
                    .fields([
                      Field("partitions", .texts, "Partitions of AWS."),
                      Field("accounts", .texts, "Accounts.", isRequired: true),
                      Field("regions", .texts, "Regions."), Field("zones", .texts, "Zones."),
                      Field(
                        "ec2", .fields([Field("iamRoleNames", .texts, "Roles of instances.")]),
                        "Virtual machines."),
                      Field(
                        "ecs",
                        .fields([
                          Field("iamRoleNames", .texts, "Roles of tasks."),
                          Field("clusters", .texts, "Clusters of ECS."),
                        ]), "Tasks."),
                    ]), "Workloads that AWS vouches for."),
                  Field(
                    "jwt",
                    .fields([
                      Field("issuer", .text(.line), "Who vouches for them.", isRequired: true),
                      Field("subjects", .texts, "Who they are."),
                      Field(
                        "attributes",
                        .objects([
                          Field("name", .text(.line), "The claim.", isRequired: true),
                          Field("values", .texts, "What it may be."),
                        ]), "Claims that they have."),
                    ]), "Workloads that an issuer of tokens vouches for."),
                ], exactlyOne: ["aws", "jwt"]))), "Which workloads.", isRequired: true),
        Field(
          "onboardTo",
          .objects([
            Field(
              "workloadGroupSelector",
              .fields([
                Field("matchLabels", .labels, "Labels that the groups have."),
                Field(
                  "matchExpressions",
                  .objects([
                    Field("key", .text(.labelKey), "The label.", isRequired: true),
                    Field(
                      "operator", .choice(["In", "NotIn", "Exists", "DoesNotExist"]),
                      "What is asked of it.", isRequired: true),
                    Field("values", .texts, "Its values."),
                  ]), "Conditions on the labels of the groups."),
              ]), "Which groups.", absent: "every group of the namespace")
          ]), "Which groups they may join.", isRequired: true),
      ]), "Who may join what.", absent: "nobody may join"),
  ])

  static let workloadGroup = Shape([
    .later("namespace", .text(.name), "The namespace of the workloads.", isRequired: true),
    .later(
      "metadata",
      .fields([
        Field("labels", .labels, "Labels."),
        Field("annotations", .map(keys: .labelKey, values: .text(.prose)), "Annotations."),
      ]), "What workloads are marked with."),
    .later(
      "template",
      .fields([
        Field("serviceAccount", .text(.name), "The service account that they run as."),
        Field("labels", .labels, "Labels."),
        Field("ports", .map(keys: .name, values: .port), "Their ports, by name."),
        Field("network", .text(.name), "The network that they are in."),
        Field("locality", .text(.line), "Where they are."),
        Field("weight", .count, "Their share of the requests."),
      ]), "What workloads have in common.", isRequired: true),
    .later("probe", .anything, "How to find out whether they are ready."),
  ])
}
