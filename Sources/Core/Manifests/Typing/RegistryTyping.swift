package import Documents
package import Model

extension RegistryService {
  /// What a canonical manifest of the kind says; nil when it is of another kind.
  package init?(_ manifest: Document) {
    guard manifest["kind"]?.string == Kind.service.name,
      manifest["apiVersion"]?.string == Kind.service.apiVersion,
      let name = manifest[["metadata", "name"]]?.string.flatMap(ServiceName.init(fullName:))
    else { return nil }
    let spec = manifest["spec"] ?? .null
    self.init(
      name: name, address: spec["addresses"]?.list?.first?.string,
      clusters: (spec["clusters"]?.list ?? []).reduce(into: [:]) { clusters, entry in
        if let cluster = entry["name"]?.string { clusters[cluster] = ObservedService(entry) }
      })
  }

  /// The manifest by which the registry shows it.
  ///
  /// - Parameter trustDomains: by cluster; one that is not there has no identities to show.
  package func manifest(
    in organization: String, trustDomains: [String: String] = [:]
  ) -> Document {
    var metadata: [String: Document] = [
      "name": .string(fullName), "organization": .string(organization),
    ]
    if !labels.isEmpty { metadata["labels"] = .object(labels.mapValues { .string($0) }) }
    return [
      "apiVersion": .string(Kind.service.apiVersion), "kind": .string(Kind.service.name),
      "metadata": .object(metadata), "spec": .object(spec(trustDomains)),
    ]
  }

  private func spec(_ trustDomains: [String: String]) -> [String: Document] {
    let sorted = clusters.sorted { $0.key < $1.key }
    let versions = Set(
      sorted.flatMap { $0.value.variants.compactMap { $0.labels["version"] } }
        + sorted.compactMap { $0.value.labels["version"] })
    let identities = sorted.flatMap { cluster, service -> [String] in
      guard let domain = trustDomains[cluster] else { return [] }
      return service.serviceAccounts.map { "spiffe://\(domain)/ns/\(name.namespace)/sa/\($0)" }
    }
    var ports: [Int: ObservedPort] = [:]
    for port in sorted.flatMap(\.value.ports) where ports[port.number] == nil {
      ports[port.number] = port
    }
    var spec: [String: Document] = [
      "shortName": .string(name.name), "namespace": .string(name.namespace),
      "canonicalName": .string(name.name), "state": "CONTROLLED",
      "ports": .list(ports.values.sorted { $0.number < $1.number }.map(\.document)),
      "subsets": .list(versions.sorted().map { .string($0) }),
      "spiffeIds": .list(Set(identities).sorted().map { .string($0) }),
      "clusters": .list(sorted.map { .object($1.members(of: $0)) }),
    ]
    if let address {
      spec["hostnames"] = [.string(name.host)]
      spec["addresses"] = [.string(address)]
    }
    return spec
  }
}

extension ObservedService {
  fileprivate init(_ entry: Document) {
    func number(_ key: String, of document: Document) -> Int? {
      document[key]?.integer.flatMap { Int(exactly: $0) }
    }
    func texts(_ value: Document?) -> [String: String] {
      (value?.object ?? [:]).compactMapValues(\.string)
    }
    let workloads = number("workloads", of: entry) ?? number("healthyWorkloads", of: entry) ?? 1
    self.init(
      ports: (entry["ports"]?.list ?? []).compactMap { port in
        number("number", of: port).map {
          ObservedPort(
            number: $0, name: port["name"]?.string ?? "",
            protocolName: asciiLowercased(port["protocol"]?.string ?? "TCP"))
        }
      },
      labels: texts(entry["labels"]),
      serviceAccounts: (entry["serviceAccounts"]?.list ?? []).compactMap(\.string),
      workloads: workloads, healthyWorkloads: number("healthyWorkloads", of: entry) ?? workloads,
      variants: (entry["variants"]?.list ?? []).map {
        ObservedVariant(
          labels: texts($0["labels"]), healthyWorkloads: number("healthyWorkloads", of: $0) ?? 0)
      })
  }

  fileprivate func members(of cluster: String) -> [String: Document] {
    var members: [String: Document] = [
      "name": .string(cluster), "ports": .list(ports.map(\.document)),
      "serviceAccounts": .list(serviceAccounts.map { .string($0) }),
      "workloads": .integer(Int64(workloads)),
      "healthyWorkloads": .integer(Int64(healthyWorkloads)),
    ]
    if !labels.isEmpty { members["labels"] = .object(labels.mapValues { .string($0) }) }
    if !variants.isEmpty {
      members["variants"] = .list(
        variants.map {
          [
            "labels": .object($0.labels.mapValues { .string($0) }),
            "healthyWorkloads": .integer(Int64($0.healthyWorkloads)),
          ]
        })
    }
    return members
  }
}

extension ObservedPort {
  fileprivate var document: Document {
    let word = String(decoding: protocolName.utf8.map(asciiUppercased), as: UTF8.self)
    return [
      "number": .integer(Int64(number)), "name": .string(name),
      // What we do not know is bytes to us.
      "protocol": .string(RegistryFields.protocols.contains(word) ? word : "TCP"),
    ]
  }
}
