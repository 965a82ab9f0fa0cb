import BlueprintCoding
import Blueprints
import Compiler
import Documents
import Manifests
import Model
import TestSupport
import Testing

@Suite struct `Blueprints, recorded` {
  static let cases = GoldenCase.all(of: "Compiler")

  @Test func `there are cases`() { #expect(Self.cases.count >= 9) }

  /// `UPDATE_GOLDEN=1` records what comes out.
  @Test(arguments: cases) func `a case comes out as recorded`(golden: GoldenCase) throws {
    let compilation = compile(try intent(of: golden), against: try inventory(of: golden))
    let text = try document(compilation).prettyJSON + "\n"
    #expect(try golden.recorded("blueprint.json", updatingTo: text) == text, "\(golden)")
    for blueprint in compilation.blueprints.values { #expect(defects(in: blueprint) == []) }
  }

  private func intent(of golden: GoldenCase) throws -> Intent {
    let read = Manifests.read(try golden.read("intent.yaml"))
    try #require(read.diagnostics.map(\.text) == [])
    var intent = Intent(revision: Revision(1))
    for (index, manifest) in read.value.enumerated() {
      // In the order of the file, as if written one after the other.
      let revision = Revision(Int64(index + 1))
      intent.resources[manifest.ref] = manifest.resource(revision: revision, created: revision)
    }
    return intent
  }

  /// `{"clusters": {"east": {"services": {"shop/orders": {"ports": ["8080 http"], "accounts": …`
  private func inventory(of golden: GoldenCase) throws -> Inventory {
    let written = try JSONParser.document(from: try golden.read("inventory.json"))
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

  private func document(_ compilation: Compilation) throws -> Document {
    let blueprints = try compilation.blueprints.mapValues { blueprint in
      var items: [String: Document] = [:]
      for (key, sourced) in blueprint.items {
        items[key.text] = [
          "item": try JSONParser.document(from: try ItemCoding.encode(sourced.item).bytes),
          "sources": .list(sourced.sources.map { .string("\($0.fqn)@\($0.revision)") }),
        ]
      }
      return Document.object(items)
    }
    let diagnostics = compilation.diagnostics.mapValues { found in
      Document.list(found.map { .string("\($0.severity.rawValue): \($0.text)") })
    }
    return ["blueprints": .object(blueprints), "diagnostics": .object(diagnostics)]
  }
}
