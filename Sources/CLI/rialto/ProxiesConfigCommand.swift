import ArgumentParser
import Documents
import ManagementClient

struct ProxiesConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show the configuration of a proxy and where it comes from.",
    usage: "rialto proxies config NODE [--type TYPE] [options]",
    discussion: """
      FROM says which objects a resource was made of, and in which revision.

      Examples:
        rialto proxies config orders-1ec0f576d9df
        rialto proxies config orders --type listener
        rialto proxies config east/orders-1ec0f576d9df -o json
      """)

  @Argument(
    help: "The node, the beginning of its id, or CLUSTER/NODE.", completion: Completions.proxies)
  var node: String

  @Option(
    help: ArgumentHelp("Only these: cluster, listener, route, endpoint, secret.", valueName: "type")
  )
  var type: String?

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
    try output.show(document, to: session.terminal, names: ["proxy/\(node)"]) {
      var table = ProxyConfigurationTable(isWide: output.output == .wide)
      table.type = type
      try output.print(table.table(of: document), to: session.terminal)
      session.terminal.text(ProxyConfigurationTable.quarantined(in: document))
    }
  }

  private func find(in session: Session) async throws -> (cluster: String, node: String) {
    let items = try await session.client.proxies()
    let all = items.compactMap { item in
      item["cluster"]?.string.flatMap { cluster in
        item["nodeID"]?.string.map { (cluster: cluster, node: $0) }
      }
    }
    // `-o name` prints proxy/NODE.
    let exact = all.filter {
      [$0.node, "\($0.cluster)/\($0.node)", "proxy/\($0.node)"].contains(node)
    }
    let found = exact.isEmpty ? all.filter { $0.node.utf8.starts(with: node.utf8) } : exact
    guard let first = found.first else {
      throw missing(
        "proxy", node, of: all.map(\.node) + items.compactMap { $0["service"]?.string },
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
