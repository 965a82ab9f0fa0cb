import Hummingbird
import Logging
import Publication
import ServiceLifecycle
import Storage
import Streams

/// `/livez`, `/readyz` and `/metrics` in Prometheus' text form, for the machine itself.
struct MetricsEndpoint: Service {
  let host: String
  let port: Int
  let store: Store
  let publication: Publication
  let fullDeltaCount: @Sendable () -> Int
  let isReady: @Sendable () -> Bool
  let logger: Logger

  func run() async throws {
    let router = Router()
    router.get("/livez") { _, _ in "ok\n" }
    router.get("/readyz") { _, _ -> String in
      guard isReady() else { throw HTTPError(.serviceUnavailable) }
      return "ok\n"
    }
    router.get("/metrics") { _, _ in text }
    let application = Application(
      router: router,
      configuration: .init(address: .hostname(host, port: port), serverName: nil), logger: logger)
    try await application.run()
  }

  private var text: String {
    let agents = publication.agents()
    let position = store.position.current
    var lines: [String] = []
    func add(_ name: String, _ kind: String, _ help: String, _ rows: [(labels: String, value: Int)])
    {
      lines += ["# HELP rialto_\(name) \(help)", "# TYPE rialto_\(name) \(kind)"]
      lines += rows.map { "rialto_\(name)\($0.labels) \($0.value)" }
    }
    add("revision", "counter", "Newest stored change.", [("", Int(position.revision))])
    add(
      "compiled_revision", "counter", "Newest change that is compiled and published.",
      [("", Int(publication.compiledRevision))])
    add(
      "inventory_version", "counter", "Writes of what agents observe.",
      [("", Int(position.inventory))])
    add(
      "fleet_full_deltas_total", "counter",
      "How often an agent that had something already was sent everything anew.",
      [("", fullDeltaCount())])
    add("commits_total", "counter", "Database transactions.", [("", store.commitCount)])
    add(
      "rejections", "gauge", "Items that an Envoy refused.", [("", publication.rejections().count)])
    func each(_ value: (AgentState) -> Int) -> [(labels: String, value: Int)] {
      agents.map { ("{cluster=\"\($0.cluster)\"}", value($0)) }
    }
    add(
      "agent_connected", "gauge", "Whether the cluster's agent is there.",
      each { $0.connected ? 1 : 0 })
    add("generation", "counter", "What the cluster must have.", each { Int($0.generation) })
    add(
      "acknowledged_generation", "counter", "What the cluster's agent has on its disk.",
      each { Int($0.acknowledgedGeneration) })
    add("proxies", "gauge", "Proxies of the cluster.", each { $0.proxies })
    add(
      "proxies_connected", "gauge", "Proxies of the cluster that are connected.",
      each { $0.connectedProxies })
    return lines.joined(separator: "\n") + "\n"
  }
}
