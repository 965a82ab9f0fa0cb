import Compiler
import Documents
import Manifests
import Model
import TestSupport
import Testing

extension GoldenCase {
  /// What `intent.yaml` says, as if its objects were written one after the other.
  func intent() throws -> Intent {
    let manifests = Manifests.read(try read("intent.yaml"))
    try #require(manifests.diagnostics.map(\.text) == [])
    var intent = Intent(revision: Revision(1))
    for (index, manifest) in manifests.value.enumerated() {
      let revision = Revision(Int64(index + 1))
      intent.resources[manifest.ref] = manifest.resource(revision: revision, created: revision)
    }
    return intent
  }

  /// What `inventory.json` says:
  /// `{"clusters": {"east": {"services": {"shop/orders": {"ports": ["8080 http"], "accounts": …`
  func inventory() throws -> Inventory {
    let written = try JSONParser.document(from: try read("inventory.json"))
    var inventory = Inventory()
    for (cluster, observed) in written["clusters"]?.object ?? [:] {
      var clusterInventory = ClusterInventory(
        authorities: (observed["authorities"]?.list ?? []).compactMap { text in
          text.string.map { Array($0.utf8) }
        })
      for (text, service) in observed["services"]?.object ?? [:] {
        let parts = text.split(separator: "/").map(String.init)
        let name = ServiceName(namespace: parts[0], name: parts[1])
        clusterInventory.services[name] = ObservedService(
          ports: (service["ports"]?.list ?? []).compactMap(\.string).map { port in
            let words = port.split(separator: " ").map(String.init)
            return ObservedPort(
              number: Int(words[0]) ?? 0, name: words[1], protocolName: words[1])
          },
          labels: texts(service["labels"]),
          serviceAccounts: (service["accounts"]?.list ?? []).compactMap(\.string), workloads: 1,
          healthyWorkloads: number(service["healthy"]) ?? 1,
          variants: (service["variants"]?.list ?? []).map {
            ObservedVariant(
              labels: texts($0["labels"]), healthyWorkloads: number($0["healthy"]) ?? 0)
          })
      }
      clusterInventory.gateways = (observed["gateways"]?.list ?? []).map(gateway)
      inventory.clusters[cluster] = clusterInventory
    }
    inventory.addresses = texts(written["addresses"])
    inventory.ports = (written["ports"]?.object ?? [:]).compactMapValues { number($0) }
    return inventory
  }

  private func gateway(_ written: Document) -> ObservedGateway {
    ObservedGateway(
      nodeID: written["node"]?.string ?? "", role: written["role"]?.string ?? "",
      namespace: written["namespace"]?.string ?? "",
      serviceAccount: written["account"]?.string ?? "", labels: texts(written["labels"]),
      address: written["address"]?.string ?? "", port: 15443,
      healthy: written["healthy"]?.bool ?? true)
  }

  private func texts(_ value: Document?) -> [String: String] {
    (value?.object ?? [:]).compactMapValues(\.string)
  }

  private func number(_ value: Document?) -> Int? { value?.integer.flatMap { Int(exactly: $0) } }
}
