import ArgumentParser
import Documents
import ManagementClient
import Manifests

struct ProxiesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxies", abstract: "Proxies: what they are told, and what they say to it.",
    subcommands: [ProxiesStatusCommand.self, ProxiesConfigCommand.self])
}

struct ProxiesStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show every proxy, its version and what it refuses.")

  @Option(help: "Only of this cluster.")
  var cluster: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Session.run(connection, what: "show the proxies") { try await run(in: $0) }
  }

  func run(in session: Session) async throws {
    let agents = try await session.client.agents()
    let items = try await session.client.proxies().filter {
      cluster == nil || $0["cluster"]?.string == cluster
    }
    let rejections = (agents["rejections"]?.list ?? []).filter {
      cluster == nil || $0["cluster"]?.string == cluster
    }
    output.print(
      items, named: { "proxy/\($0["nodeID"]?.string ?? "-")" },
      {
        var table = Table(headings: [
          "NODE", "CLUSTER", "ROLE", "SERVICE", "STATE", "CONFIGURATION", "REJECTED",
        ])
        if output.output == .wide { table.headings += ["VERSION", "ENVOY", "HOST"] }
        table.rows = items.map { row($0, rejections) }
        return table
      }, to: session.terminal)
    guard output.output == .table || output.output == .wide else { return }
    for rejection in rejections {
      let nodes = (rejection["nodeIDs"]?.list ?? []).compactMap(\.string).joined(separator: ", ")
      let what = rejection["resourceName"]?.string ?? "-"
      session.terminal.note(
        visible("\(nodes) refuses \(what): \(rejection["reason"]?.string ?? "-")"))
    }
  }

  private func row(_ item: Document, _ rejections: [Document]) -> [String] {
    let cluster = item["cluster"]?.string ?? "-"
    let node = item["nodeID"]?.string ?? "-"
    let isCurrent = item["inSync"]?.bool == true
    let refused = rejections.filter { rejection in
      rejection["cluster"]?.string == cluster
        && (rejection["nodeIDs"]?.list ?? []).contains(.string(node))
    }.count
    let service = item["service"]?.string ?? "-"
    var row = [
      node, cluster, item["role"]?.string ?? "-",
      "\(item["namespace"]?.string ?? "-")/\(service)",
      item["connected"]?.bool == true ? "connected" : "away", isCurrent ? "current" : "behind",
      String(refused),
    ]
    if output.output == .wide {
      row += ["version", "envoyVersion", "hostName"].map { item[$0]?.string ?? "-" }
    }
    return row
  }
}

struct ProxiesConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show the configuration of a proxy and where it comes from.",
    discussion: """
      Example:
        rialto proxies config 7f3a | less
      """)

  @Argument(help: "The node, the beginning of its id, or CLUSTER/NODE.")
  var node: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Session.run(connection, what: "show the configuration of \(node)") {
      try await run(in: $0)
    }
  }

  func run(in session: Session) async throws {
    let (cluster, node) = try await find(in: session)
    let document = try await session.client.proxyConfiguration(cluster: cluster, nodeID: node)
    switch output.output {
    case .yaml: session.terminal.data(Manifests.yaml(document))
    case .name: session.terminal.line(visible("proxy/\(node)"))
    case .json, .table, .wide: session.terminal.line(document.prettyJSON)
    }
  }

  private func find(in session: Session) async throws -> (cluster: String, node: String) {
    let all = try await session.client.proxies().compactMap { item in
      item["cluster"]?.string.flatMap { cluster in
        item["nodeID"]?.string.map { (cluster: cluster, node: $0) }
      }
    }
    let exact = all.filter { $0.node == node || "\($0.cluster)/\($0.node)" == node }
    let found = exact.isEmpty ? all.filter { $0.node.utf8.starts(with: node.utf8) } : exact
    guard let first = found.first else {
      throw Failure(
        .failed, .missing, "there is no proxy '\(node)'",
        advice: "'rialto proxies status' lists them.")
    }
    guard found.count == 1 else {
      throw Failure(
        .failed, ClientCode.ambiguous.rawValue,
        ["'\(node)' means several proxies:"] + found.map { "  \($0.cluster)/\($0.node)" },
        advice: "Write more of the id.")
    }
    return first
  }
}
