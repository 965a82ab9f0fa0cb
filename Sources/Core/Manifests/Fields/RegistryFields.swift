/// The table of what is observed. Nothing in it is written by anybody, so none of it has an effect.
enum RegistryFields {
  private static func told(
    _ name: String, _ type: FieldType, _ doc: String, isRequired: Bool = false
  ) -> Field {
    Field(name, type, doc, isRequired: isRequired, effect: .descriptive)
  }

  static let protocols = ["HTTP", "HTTP2", "GRPC", "TCP"]

  private static let ports = FieldType.objects([
    told("number", .port, "What callers dial.", isRequired: true),
    told("name", .text(.line), "The port's name."),
    told("protocol", .choice(protocols), "What is spoken there."),
  ])

  static let service = Shape([
    told("shortName", .text(.name), "Its name within its namespace."),
    told("namespace", .text(.name), "The namespace of its workloads."),
    told(
      "canonicalName", .text(.name),
      "What its workloads are called together, as service.istio.io/canonical-name says it."),
    told("hostnames", .texts, "The names by which it is called."),
    told("addresses", .texts, "The virtual addresses that its names have."),
    told("ports", ports, "Its ports in any cluster."),
    told("subsets", .texts, "The versions that its workloads have, by the label version."),
    told("spiffeIds", .texts, "Who its workloads are."),
    told(
      "state", .choice(["EXTERNAL", "OBSERVED", "CONTROLLED"]),
      "CONTROLLED: its workloads are behind proxies of the mesh."),
    told(
      "clusters",
      .objects([
        told("name", .text(.name), "The cluster.", isRequired: true),
        told("ports", ports, "Its ports there; none: its workloads only call others."),
        told("labels", .labels, "The labels that all of its workloads there share."),
        told("serviceAccounts", .list(.text(.line)), "What its workloads there run as."),
        told("workloads", .count, "How many workloads there are."),
        told("healthyWorkloads", .count, "How many of them are healthy."),
        told(
          "variants",
          .objects([
            told("labels", .labels, "The labels."),
            told("healthyWorkloads", .count, "How many workloads with them are healthy."),
          ]), "How its workloads there differ in labels."),
      ]), "Where it runs, and what is observed of it there."),
  ])
}
