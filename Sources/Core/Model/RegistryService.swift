/// A service as the whole mesh has it: what the agents of all clusters observe of it, together.
package struct RegistryService: Hashable, Sendable {
  package var name: ServiceName
  /// The virtual IPv4 address, dotted; nil where nobody can call it.
  package var address: String?
  /// By the name of the cluster.
  package var clusters: [String: ObservedService]

  package init(name: ServiceName, address: String? = nil, clusters: [String: ObservedService]) {
    self.name = name
    self.address = address
    self.clusters = clusters
  }

  /// `orders.shop`, its name in the registry.
  package var fullName: String { "\(name.name).\(name.namespace)" }

  /// The labels that its workloads share wherever they are.
  package var labels: [String: String] {
    var services = clusters.values.makeIterator()
    guard var common = services.next()?.labels else { return [:] }
    while let other = services.next() {
      common = common.filter { other.labels[$0.key] == $0.value }
    }
    return common
  }
}

extension ServiceName {
  /// What `orders.shop` names.
  package init?(fullName: String) {
    let parts = fullName.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    self.init(namespace: String(parts[1]), name: String(parts[0]))
  }
}

extension Kind {
  /// Whether objects of this kind are what agents observe: they can be read, and nobody writes them.
  package var isObserved: Bool { self == .service }
}
