import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Model

struct ClusterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster", abstract: "Sites: let them join, see them.",
    subcommands: [ClusterAddCommand.self, ClusterListCommand.self],
    defaultSubcommand: ClusterListCommand.self, aliases: ["clusters"])
}

struct ClusterAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Print, per cluster, a line that makes a machine its agent.",
    discussion: """
      A cluster that does not exist yet is created. The line runs unedited on the site; the token \
      in it is good once and for 15 minutes.

      Example:
        rialto cluster add east west
      """)

  @Argument(help: "The clusters' names.", completion: Completions.clusters)
  var names: [String]

  @Option(help: "The network that new clusters are in; else each is in one of its own.")
  var network: String?

  @Option(help: "The trust domain of a new cluster; else CLUSTER.ORGANIZATION.mesh.")
  var trustDomain: String?

  @Option(
    name: [.long, .customLong("org")],
    help: ArgumentHelp("The organization.", valueName: "name"))
  var organization: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if trustDomain != nil, names.count > 1 {
      throw ValidationError("--trust-domain is for one cluster")
    }
  }

  func run() async throws {
    try await Session.run(connection, what: "add \(names.joined(separator: ", "))") {
      try await run(in: $0)
    }
  }

  func run(in session: Session) async throws {
    let organization = try await organization(in: session)
    var tokens: [Document] = []
    for name in names {
      let ref = ResourceRef(.cluster, [organization, name])
      try await create(ref, in: session)
      tokens.append(try await session.client.joinToken(for: ref))
    }
    output.show(
      .object(["items": .list(tokens)]), to: session.terminal, names: names.map { "cluster/\($0)" }
    ) {
      for (name, token) in zip(names, tokens) {
        session.terminal.line("# \(visible(name)): run this on the site within 15 minutes")
        session.terminal.line(visible(token["command"]?.string ?? "-"))
      }
    }
  }

  private func organization(in session: Session) async throws -> String {
    if let organization = organization ?? session.context.organization { return organization }
    let all = try await session.client.objects(in: Kind.organization.collection)
    guard all.count == 1, let name = all.first?[["metadata", "name"]]?.string else {
      throw Failure(
        .failed, .ambiguous, "it is not clear which organization is meant",
        advice: "Name it with --organization.")
    }
    return name
  }

  private func create(_ ref: ResourceRef, in session: Session) async throws {
    do {
      _ = try await session.client.object(ref)
      return
    } catch ClientError.refused(let problem) where problem.status == 404 {}
    var spec: [String: Document] = [:]
    spec["network"] = network.map(Document.string)
    spec["trustDomain"] = trustDomain.map(Document.string)
    let manifest: Document = .object([
      "apiVersion": .string(Kind.cluster.apiVersion), "kind": .string(Kind.cluster.name),
      "metadata": ["name": .string(ref.name), "organization": .string(ref.names[0])],
      "spec": .object(spec),
    ])
    _ = try await session.client.apply(manifest.canonicalJSON)
    session.terminal.note("cluster/\(visible(ref.name)) created")
  }
}

struct ClusterListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Show the clusters and their agents.",
    discussion: """
      GENERATION is what the agent has in force of what it was sent.

      Examples:
        rialto cluster list
        rialto cluster list -o json
      """, aliases: ["ls", "status"])

  @OptionGroup var parents: ParentOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Session.run(connection, what: "list the clusters") { try await run(in: $0) }
  }

  func run(in session: Session) async throws {
    let found = try await Targets(session: session, parents: parents)
      .all([.cluster], view: .basic)
    let agents = try await session.client.agents()["items"]?.list ?? []
    let byCluster = Dictionary(
      agents.compactMap { agent in agent["cluster"]?.string.map { ($0, agent) } },
      uniquingKeysWith: { $1 })
    let items = found.map { object -> Document in
      var members = object.document.object ?? [:]
      if let agent = byCluster[object.ref.name] { members["status"] = ["agent": agent] }
      return .object(members)
    }
    try output.print(
      items, named: { "cluster/\($0[["metadata", "name"]]?.string ?? "-")" },
      {
        var table = Table(headings: [
          "NAME", "NETWORK", "AGENT", "SINCE", "GATEWAYS", "PROXIES", "GENERATION", "VERSION",
        ])
        table.rows = zip(found, items).map { object, item in
          let name = object.ref.name
          // A cluster that names no network is in one of its own.
          let network = item[["spec", "network"]]?.string ?? name
          return [name, network] + row(item[["status", "agent"]], session)
        }
        return table
      }, to: session.terminal)
  }

  private func row(_ agent: Document?, _ session: Session) -> [String] {
    guard let agent, agent["since"]?.string != nil else {
      return ["never joined", "-", "-", "-", "-", "-"]
    }
    let generation = "\(number(agent["acknowledgedGeneration"]))/\(number(agent["generation"]))"
    return [
      agent["connected"]?.bool == true ? "connected" : "away",
      age(of: agent["since"]?.string, at: session.now()),
      "\(number(agent["healthyGateways"]))/\(number(agent["gateways"]))",
      "\(number(agent["connectedProxies"]))/\(number(agent["proxies"]))", generation,
      agent["version"]?.string ?? "-",
    ]
  }
}
