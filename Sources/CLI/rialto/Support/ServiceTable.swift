import Documents
import Manifests
import Model

extension ObjectPrinter {
  /// Services of the registry: nobody wrote them, so where they run says more than their revision.
  func services(_ objects: [FoundObject]) -> Table {
    var table = Table(headings: ["NAME", "HOST", "PORTS", "CLUSTERS", "HEALTHY"])
    if format == .wide { table.headings += ["SUBSETS", "ADDRESS", "FQN"] }
    for object in objects {
      let spec = object.document["spec"] ?? .null
      let observed = RegistryService(object.document)?.clusters ?? [:]
      let ports = (spec["ports"]?.list ?? []).map { port in
        "\(port["number"]?.integer ?? 0)/\(port["protocol"]?.string?.lowercased() ?? "tcp")"
      }
      let healthy = observed.values.reduce(0) { $0 + $1.healthyWorkloads }
      let workloads = observed.values.reduce(0) { $0 + $1.workloads }
      var row = [
        object.ref.name, texts(spec["hostnames"]), joined(ports), joined(observed.keys.sorted()),
        "\(healthy)/\(workloads)",
      ]
      if format == .wide {
        row += [texts(spec["subsets"]), texts(spec["addresses"]), object.ref.fqn]
      }
      table.rows.append(row)
    }
    return table
  }

  private func texts(_ value: Document?) -> String {
    joined((value?.list ?? []).compactMap(\.string))
  }

  private func joined(_ words: [String]) -> String {
    words.isEmpty ? "-" : words.joined(separator: ",")
  }
}
