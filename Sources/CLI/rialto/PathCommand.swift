import ArgumentParser
import Documents
import ManagementClient

/// `rialto path`: the way between two places, and why it is that one.
struct PathCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "path", abstract: "Show the way from one place to another, and why.",
    discussion: """
      A place is a cluster, SERVICE.NAMESPACE@CLUSTER, SERVICE.NAMESPACE wherever it runs, or the \
      node id of a workload.

      Examples:
        rialto path east west
        rialto path web.storefront@east orders.shop@west
        rialto path web.storefront orders.shop -o json
      """)

  @Argument(help: "Where the calls begin.", completion: Completions.places)
  var from: String

  @Argument(help: "Where they go.", completion: Completions.places)
  var to: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Session.run(connection, what: "show the path from \(from) to \(to)") {
      try await run(in: $0)
    }
  }

  func run(in session: Session) async throws {
    let answer = try await session.client.path(from: from, to: to)
    let names = (answer["routes"]?.list ?? []).map { $0["path"]?.string ?? "-" }
    output.show(answer, to: session.terminal, names: names) { print(answer, session) }
  }

  private func print(_ answer: Document, _ session: Session) {
    let routes = answer["routes"]?.list ?? []
    for (index, route) in routes.enumerated() {
      if index > 0 { session.terminal.line("") }
      session.terminal.line(visible(headline(answer, route)))
      let hops = route["hops"]?.list ?? []
      if !hops.isEmpty {
        var table = Table(headings: ["HOP", "KIND", "CLUSTER", "WHAT"])
        table.rows = hops.enumerated().map { number, hop in
          [
            String(number + 1), hop["kind"]?.string ?? "-", hop["cluster"]?.string ?? "-",
            Self.what(hop),
          ]
        }
        session.terminal.text(table.text(hidesHeadings: output.noHeaders))
      }
      say(route["reasons"], session)
    }
    guard let reach = answer["reach"] else { return }
    let verdict = reach["verdict"]?.string ?? "-"
    if verdict != "reachable" || routes.isEmpty {
      session.terminal.line(visible("\(to) cannot be called from \(from): \(verdict)"))
    }
    say(reach["reasons"], session)
  }

  private func headline(_ answer: Document, _ route: Document) -> String {
    let cluster = route["cluster"]?.string ?? "-"
    let target = answer[["to", "service"]]?.string.map { "\($0)@\(cluster)" } ?? cluster
    let start = answer[["from", "cluster"]]?.string ?? "-"
    let source = answer[["from", "service"]]?.string.map { "\($0)@\(start)" } ?? start
    let edges = (route["edges"]?.list ?? []).compactMap(\.string).joined(separator: " or ")
    let way =
      switch route["path"]?.string {
      case "within": "within the cluster"
      case "direct": "direct, gateway to gateway"
      case "edge": "through edge \(edges)"
      default: "no way"
      }
    return "\(source) -> \(target): \(way)"
  }

  private static func what(_ hop: Document) -> String {
    let names = (hop["names"]?.list ?? []).compactMap(\.string)
    let addresses = (hop["gateways"]?.list ?? []).map { gateway in
      let isHealthy = gateway["healthy"]?.bool == true
      return "\(gateway["address"]?.string ?? "-"):\(number(gateway["port"]))"
        + (isHealthy ? "" : " (unhealthy)")
    }
    return (names + addresses).joined(separator: ", ")
  }

  private func say(_ reasons: Document?, _ session: Session) {
    for reason in (reasons?.list ?? []).compactMap(\.string) {
      session.terminal.line(visible("  - \(reason)"))
    }
  }
}
