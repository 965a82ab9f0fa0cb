import Documents
import ManagementClient

/// Every proxy, whether it has what it should have, and what it refuses.
struct ProxyTable: Sendable {
  let output: OutputOptions
  /// Only of this cluster.
  var cluster: String?

  static let words = ["proxies", "proxy", "px"]

  func print(in session: Session) async throws {
    let agents = try await session.client.agents()
    let items = try await session.client.proxies().filter(isWanted)
    let rejections = (agents["rejections"]?.list ?? []).filter(isWanted)
    let isTable = output.output.isTable
    if items.isEmpty, isTable { return session.terminal.note("none found") }
    try output.print(
      items, named: { "proxy/\($0["nodeID"]?.string ?? "-")" },
      {
        var table = Table(headings: [
          "NODE", "CLUSTER", "ROLE", "SERVICE", "STATE", "CONFIGURATION", "REJECTED",
        ])
        if output.output == .wide { table.headings += ["GENERATION", "VERSION", "ENVOY", "HOST"] }
        table.rows = items.map { row($0, rejections) }
        return table
      }, to: session.terminal)
    guard isTable else { return }
    for rejection in rejections {
      let nodes = (rejection["nodeIDs"]?.list ?? []).compactMap(\.string).joined(separator: ", ")
      let what = rejection["resourceName"]?.string ?? "-"
      session.terminal.note(
        visible("\(nodes) refuses \(what): \(rejection["reason"]?.string ?? "-")"))
    }
  }

  private func isWanted(_ item: Document) -> Bool {
    cluster == nil || item["cluster"]?.string == cluster
  }

  private func row(_ item: Document, _ rejections: [Document]) -> [String] {
    let cluster = item["cluster"]?.string ?? "-"
    let node = item["nodeID"]?.string ?? "-"
    let refused = rejections.filter { rejection in
      rejection["cluster"]?.string == cluster
        && (rejection["nodeIDs"]?.list ?? []).contains(.string(node))
    }.count
    var row = [
      node, cluster, item["role"]?.string ?? "-",
      "\(item["namespace"]?.string ?? "-")/\(item["service"]?.string ?? "-")",
      item["connected"]?.bool == true ? "connected" : "away",
      item["inSync"]?.bool == true ? "current" : "behind", String(refused),
    ]
    if output.output == .wide {
      row.append("\(number(item["acknowledgedGeneration"]))/\(number(item["toldGeneration"]))")
      row += ["version", "envoyVersion", "hostName"].map { item[$0]?.string ?? "-" }
    }
    return row
  }
}
