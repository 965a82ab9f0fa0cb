import Hummingbird
import Logging

/// `/livez`, `/readyz` and `/metrics`, for the machine itself.
struct HealthEndpoint: Sendable {
  let site: Site
  let host: String
  let port: Int

  func run(logger: Logger) async throws {
    let router = Router()
    router.get("/livez") { _, _ in "ok\n" }
    // A site that was restored is ready, whether the server is there or not.
    router.get("/readyz") { _, _ in "ok\n" }
    router.get("/metrics") { _, _ in metrics }
    let application = Application(
      router: router,
      configuration: .init(address: .hostname(host, port: port), serverName: nil), logger: logger)
    try await application.run()
  }

  private var metrics: String {
    let census = site.census
    let counters = site.counters.current
    let rows: [(name: String, kind: String, help: String, value: Int)] = [
      ("services", "gauge", "Services that workloads of this site belong to.", census.services),
      ("workloads", "gauge", "Registered workloads.", census.workloads),
      ("proxies_connected", "gauge", "Proxies with a discovery stream.", census.connected),
      ("items", "gauge", "Blueprint items held.", census.items),
      ("items_quarantined", "gauge", "Items that a proxy refused.", census.quarantined),
      ("server_connected", "gauge", "Whether the server is there.", counters.isConnected),
      (
        "server_connections_total", "counter", "Streams opened to the server.",
        counters.serverConnections
      ),
      ("deltas_total", "counter", "Deltas put into force.", counters.deltas),
      ("registrations_total", "counter", "Registrations taken.", counters.registrations),
      ("joins_total", "counter", "Workloads that joined.", counters.joins),
      (
        "refusals_total", "counter", "What workloads, or those who pass for some, were refused.",
        counters.refusals
      ),
      ("rejections_total", "counter", "Resources that an Envoy refused.", counters.rejections),
    ]
    return rows.map { row in
      let name = "rialto_agent_\(row.name)"
      return "# HELP \(name) \(row.help)\n# TYPE \(name) \(row.kind)\n\(name) \(row.value)\n"
    }.joined()
  }
}
