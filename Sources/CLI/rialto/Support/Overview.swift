import Documents
import FoundationEssentials
import ManagementClient
import Model

/// The whole mesh on one page: is everything connected, in step and in force?
struct Overview: Sendable {
  private let context: ClientContext
  private let agents: [Document]
  private let rejections: [Document]
  private let proxies: [Document]
  private let objects: [FoundObject]
  private let lastChange: Document?

  init(of session: Session, parents: ParentOptions) async throws {
    context = session.context
    let answer = try await session.client.agents()
    agents = answer["items"]?.list ?? []
    rejections = answer["rejections"]?.list ?? []
    proxies = try await session.client.proxies()
    objects = try await Targets(session: session, parents: parents)
      .all(Kind.allCases.filter { !$0.isObserved }, view: .full)
    lastChange = try await session.client.changes(limit: 1).first
  }

  var isGood: Bool { concerns.isEmpty }

  // MARK: Text

  func text(at now: Date) -> String {
    var table = Table(headings: ["", ""])
    table.rows = [
      ["server", "\(context.server) (context \(context.name))"],
      ["sites", count(agents, "connected") { $0["connected"]?.bool == true }],
      [
        "proxies",
        count(proxies, "connected") { $0["connected"]?.bool == true }
          + (proxies.isEmpty ? "" : ", \(proxies.count { $0["inSync"]?.bool == true }) current"),
      ],
      ["workloads", count(workloads, "healthy") { $0["healthy"]?.bool == true }],
      ["objects", count(objects, "ready") { state(of: $0) == "READY" }],
    ]
    if let lastChange {
      table.rows.append([
        "last change",
        "revision \(number(lastChange["revision"])) by \(lastChange["actor"]?.string ?? "-"), "
          + "\(age(of: lastChange["committedAt"]?.string, at: now)) ago: "
          + ChangesCommand.progress(lastChange["propagation"] ?? .null),
      ])
    }
    let ending = concerns.isEmpty ? ["everything is in force"] : concerns.map { "! \($0)" }
    return table.text(hidesHeadings: true) + "\n" + ending.map { visible($0) + "\n" }.joined()
  }

  private func count<Item>(
    _ items: [Item], _ word: String, _ isGood: (Item) -> Bool
  ) -> String {
    items.isEmpty ? "none" : "\(items.count(where: isGood)) of \(items.count) \(word)"
  }

  private var workloads: [Document] { proxies.filter { $0["role"]?.string == "sidecar" } }

  private func state(of object: FoundObject) -> String {
    object.document[["status", "state"]]?.string ?? "-"
  }

  /// What somebody should look at, with the command that says more.
  private var concerns: [String] {
    let away = agents.filter { $0["connected"]?.bool != true }.map { agent in
      "site \(agent["cluster"]?.string ?? "-"): its agent is "
        + (agent["since"]?.string == nil
          ? "not there yet ('rialto cluster add' prints the line that starts one)" : "away")
    }
    let badProxies = proxies.compactMap { proxy -> String? in
      let name = "proxy \(proxy["nodeID"]?.string ?? "-") in \(proxy["cluster"]?.string ?? "-")"
      if proxy["connected"]?.bool != true { return "\(name) is away" }
      if proxy["healthy"]?.bool != true { return "\(name) is unhealthy" }
      return proxy["inSync"]?.bool == true
        ? nil : "\(name) is behind ('rialto proxies config' shows what it was told)"
    }
    let refused = rejections.map { rejection in
      let nodes = (rejection["nodeIDs"]?.list ?? []).compactMap(\.string).joined(separator: ", ")
      return "\(nodes) refuses \(rejection["resourceName"]?.string ?? "-"): "
        + (rejection["reason"]?.string ?? "-")
    }
    let unready = objects.filter { state(of: $0) != "READY" }.map { object in
      "\(object.ref.shortText) is \(state(of: object)) ('rialto status \(object.ref.fqn)' says why)"
    }
    return away + badProxies + refused + unready
  }

  // MARK: Document

  var document: Document {
    [
      "server": .string(context.server), "isGood": .bool(isGood),
      "concerns": .list(concerns.map(Document.string)), "agents": .list(agents),
      "proxies": [
        "all": .integer(Int64(proxies.count)),
        "connected": .integer(Int64(proxies.count { $0["connected"]?.bool == true })),
        "healthy": .integer(Int64(proxies.count { $0["healthy"]?.bool == true })),
        "current": .integer(Int64(proxies.count { $0["inSync"]?.bool == true })),
      ],
      "objects": .object(
        Dictionary(grouping: objects, by: state).mapValues { .integer(Int64($0.count)) }),
      "lastChange": lastChange ?? .null,
    ]
  }
}
