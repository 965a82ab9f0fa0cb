import Documents
import ManagementClient

/// `rialto get workloads`: what runs, and where: virtual machines, containers, and gateways.
struct WorkloadTable: Sendable {
  let output: OutputOptions
  /// Only of this namespace.
  var namespace: String?
  /// Services, or the beginnings of nodes' ids; none: all.
  var names: [String] = []

  static let words = ["workloads", "workload", "wl"]

  func print(in session: Session) async throws {
    let all = try await session.client.workloads().filter {
      namespace == nil || $0["namespace"]?.string == namespace
    }
    if all.isEmpty, names.isEmpty { return session.terminal.note("none found") }
    let strangers = names.filter { name in !all.contains { Self.isMeant($0, by: name) } }
    guard strangers.isEmpty else {
      throw Failure(
        all: strangers.map { name in
          missing(
            "workload", name, of: all.compactMap { $0["service"]?.string },
            advice: "'rialto get workloads' lists them.")
        })
    }
    let items = all.filter { item in
      names.isEmpty || names.contains { Self.isMeant(item, by: $0) }
    }
    let isWide = output.output == .wide
    try output.print(
      items, named: { "workload/\($0["nodeID"]?.string ?? "-")" },
      {
        var table = Table(headings: [
          "SERVICE", "NAMESPACE", "CLUSTER", "KIND", "STATE", "HEALTH", "NODE", "LABELS",
        ])
        if isWide { table.headings += ["ROLE", "PLATFORM", "ACCOUNT", "HOST", "ENVOY"] }
        table.rows = items.map { row($0, isWide: isWide) }
        return table
      }, to: session.terminal)
  }

  private static func isMeant(_ item: Document, by name: String) -> Bool {
    let node = item["nodeID"]?.string ?? ""
    return item["service"]?.string == name || node.utf8.starts(with: name.utf8)
  }

  private func row(_ item: Document, isWide: Bool) -> [String] {
    let labels = (item["labels"]?.object ?? [:]).compactMapValues(\.string)
      .map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ",")
    var row = [
      item["service"]?.string ?? "-", item["namespace"]?.string ?? "-",
      item["cluster"]?.string ?? "-", item["kind"]?.string ?? "-",
      item["connected"]?.bool == true ? "connected" : "away",
      item["healthy"]?.bool == true ? "healthy" : "unhealthy", item["nodeID"]?.string ?? "-",
      labels.isEmpty ? "-" : labels,
    ]
    if isWide {
      row += ["role", "platform", "serviceAccount", "hostName", "envoyVersion"].map {
        item[$0]?.string ?? "-"
      }
    }
    return row
  }
}
