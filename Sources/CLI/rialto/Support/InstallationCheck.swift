import Documents
import ManagementClient
import Manifests
import Model

/// What `rialto check` looks at, one result for each thing.
struct InstallationCheck: Sendable {
  enum Result: Sendable {
    case good, warning, error

    var word: String {
      switch self {
      case .good: "ok"
      case .warning: "warning"
      case .error: "error"
      }
    }
  }

  struct Check: Sendable {
    var result: Result
    /// What kind of thing was looked at: `server`, `agent`, `proxy`, `object`.
    var name: String
    var detail: String
    var advice: String?

    var document: Document {
      var members: [String: Document] = [
        "result": .string(result.word), "check": .string(name), "detail": .string(detail),
      ]
      members["advice"] = advice.map(Document.string)
      return .object(members)
    }
  }

  let checks: [Check]

  init(of session: Session, parents: ParentOptions) async throws {
    let client = session.client
    var checks = [try await Self.server(client, session.context)]
    let agents = try await client.agents()
    checks += (agents["items"]?.list ?? []).map(Self.agent)
    checks += (agents["rejections"]?.list ?? []).map(Self.rejection)
    checks += try await client.proxies().map(Self.proxy)
    let objects = try await Targets(session: session, parents: parents)
      .all(Kind.allCases.filter { !$0.isObserved }, view: .full)
    checks += objects.flatMap(Self.object)
    self.checks = checks
  }

  private static func server(
    _ client: ManagementClient, _ context: ClientContext
  ) async throws -> Check {
    do {
      if try await client.isReady() {
        return Check(result: .good, name: "server", detail: "\(context.server) is ready")
      }
    } catch ClientError.refused(let problem) where problem.status == 503 {}
    return Check(
      result: .error, name: "server", detail: "\(context.server) is not ready",
      advice: "The log of the server says which of its checks fails.")
  }

  private static func agent(_ agent: Document) -> Check {
    let site = agent["cluster"]?.string ?? "-"
    if agent["since"]?.string == nil {
      return Check(
        result: .warning, name: "agent", detail: "\(site) has not joined yet",
        advice: "'rialto cluster add \(site)' prints the line that starts its agent.")
    }
    guard agent["connected"]?.bool == true else {
      return Check(
        result: .error, name: "agent", detail: "\(site) is away",
        advice: "Is 'rialto agent' running there, and does it reach the server?")
    }
    let isBehind = agent["acknowledgedGeneration"]?.integer != agent["generation"]?.integer
    return Check(
      result: isBehind ? .warning : .good, name: "agent",
      detail: "\(site) is \(isBehind ? "behind" : "connected")",
      advice: isBehind ? "'rialto cluster list' shows how far it is." : nil)
  }

  private static func rejection(_ rejection: Document) -> Check {
    let nodes = (rejection["nodeIDs"]?.list ?? []).compactMap(\.string)
    return Check(
      result: .error, name: "configuration",
      detail:
        "\(nodes.joined(separator: ", ")) refuses \(rejection["resourceName"]?.string ?? "-"): "
        + (rejection["reason"]?.string ?? "-"),
      advice: "'rialto proxies config \(nodes.first ?? "NODE")' shows where it comes from.")
  }

  private static func proxy(_ proxy: Document) -> Check {
    let node = proxy["nodeID"]?.string ?? "-"
    let name = "\(node) in \(proxy["cluster"]?.string ?? "-")"
    func check(_ result: Result, _ what: String, _ advice: String? = nil) -> Check {
      Check(result: result, name: "proxy", detail: "\(name) is \(what)", advice: advice)
    }
    if proxy["connected"]?.bool != true {
      return check(.error, "away", "Is 'rialto proxy' running there, and does it reach its agent?")
    }
    if proxy["healthy"]?.bool != true {
      return check(.error, "unhealthy", "Does the application answer its health check?")
    }
    if proxy["inSync"]?.bool != true {
      return check(.warning, "behind", "'rialto proxies config \(node)' shows what it was told.")
    }
    return check(.good, "current")
  }

  private static func object(_ object: FoundObject) -> [Check] {
    let state = object.document[["status", "state"]]?.string ?? "-"
    let result: Result =
      switch state {
      case "READY": .good
      case "FAILED": .error
      default: .warning
      }
    let advice = "'rialto describe \(object.ref.fqn)' says why."
    let idle = object.document[["status", "notYetEffective"]]?.list?.compactMap(\.string) ?? []
    var checks = [
      Check(
        result: result, name: "object", detail: "\(object.ref.shortText) is \(state)",
        advice: result == .good ? nil : advice)
    ]
    if !idle.isEmpty {
      checks.append(
        Check(
          result: .warning, name: "effect",
          detail: "\(object.ref.shortText): no effect yet: \(idle.joined(separator: ", "))",
          advice: "Do not rely on these fields."))
    }
    return checks
  }
}
