import AgentStore
import ClusterAgent
import Documents
import Foundation
import Glibc
import Logging
import ManagementClient
import Model
import ProxySupervisor

extension Site {
  /// The folder of one run, short enough for sockets.
  private static func newFolder() throws -> String {
    let folder = "/tmp/rialto-bench-\(getpid())"
    for name in ["log", "floor"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(name)", withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder)
    return folder
  }

  /// Starts everything, runs `body`, and ends everything again.
  static func with<Result: Sendable>(
    _ options: BenchOptions, upstreams: [Upstream],
    _ body: @escaping @Sendable (Site) async throws -> Result
  ) async throws -> Result {
    let (rialto, envoy) = (try options.rialtoPath(), try options.envoyPath())
    let folder = try newFolder()
    let children = Children()
    do {
      let (starts, start) = AsyncStream.makeStream(
        of: Child.self, bufferingPolicy: .bufferingOldest(16))
      let launch = Launch(
        rialto: rialto, envoy: envoy, folder: folder, children: children, starts: start)
      let result = try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask {
          try await run(starts, children)
          return nil
        }
        group.addTask { try await launch.start(upstreams, body) }
        defer { group.cancelAll() }
        while let next = try await group.next() {
          if let next { return next }
        }
        throw CancellationError()
      }
      sweep(folder)
      if !options.keep { try? FileManager.default.removeItem(atPath: folder) }
      return result
    } catch {
      sweep(folder)
      FileHandle.standardError.write(Data("The logs are in \(folder)/log\n".utf8))
      throw error
    }
  }

  /// Runs the programs that are handed over, until one ends by itself or the task is cancelled.
  private static func run(_ starts: AsyncStream<Child>, _ children: Children) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      for await child in starts {
        group.addTask { try await child.run { children.started(child.name, $0) } }
      }
    }
  }

  /// Ends what a killed supervisor left behind: only processes with this run's folder in their
  /// command line.
  private static func sweep(_ folder: String) {
    for process in ProcessTable.processes(mentioning: folder + "/") { kill(process, SIGKILL) }
  }
}

/// Starts the processes of a site one after the other.
private struct Launch {
  let rialto: String
  let envoy: String
  let folder: String
  let children: Children
  let starts: AsyncStream<Child>.Continuation

  /// Runs `body` once all of them are up and the caller is configured.
  func start<Result>(
    _ upstreams: [Site.Upstream], _ body: (Site) async throws -> Result
  ) async throws -> Result {
    var logger = Logger(label: "rialto-bench")
    logger.logLevel = .error
    run(
      "server",
      [
        "server", "--data", "\(folder)/server", "--listen", "\(Site.Address.server):8443",
        "--fleet", "\(Site.Address.server):9443", "--advertise", Site.Address.server,
        "--organization", Site.organization, "--metrics", "0",
      ])
    let context = "\(folder)/server/admin-context.yaml"
    try await wait(for: "server") { FileManager.default.fileExists(atPath: context) }
    let file = try ContextFile.read(path: context)
    guard let chosen = file.contexts.first else {
      throw Impatience(description: "the server's context file is empty")
    }
    return try await ManagementClient.with(chosen) { client in
      try await body(try await site(of: client, upstreams, logger))
    }
  }

  private func site(
    of client: ManagementClient, _ upstreams: [Site.Upstream], _ logger: Logger
  ) async throws -> Site {
    try await wait(for: "answer of the server") { (try? await client.agents()) != nil }
    for manifest in Site.tenancy { _ = try await client.apply(manifest.canonicalJSON) }

    let cluster = ResourceRef(.cluster, [Site.organization, "site"])
    let token = try await client.joinToken(for: cluster)["token"]?.string ?? ""
    run(
      "agent",
      [
        "agent", "--data", "\(folder)/agent", "--server",
        "https://\(Site.Address.server):9443", "--token-file", "-", "--listen",
        "\(Site.Address.agent):15012", "--advertise", Site.Address.agent, "--health", "0",
      ], input: token + "\n")
    let socket = try AdministrationSocket(path: "\(folder)/agent/agent.sock")
    guard let agent = AgentAddress("\(Site.Address.agent):15012") else {
      throw Impatience(description: "the agent's address cannot be read")
    }
    let site = Site(
      folder: folder, children: children, socket: socket, agent: agent, client: client,
      logger: logger)
    try await wait(for: "agent") {
      (try? await socket.mint(site.grant("probe", account: "probe"))) != nil
    }
    for (address, version) in zip(Site.Address.instances, Site.versions) {
      let backend = try await Backend.start(saying: version)
      try await runProxy(
        version, at: address, as: site.grant(Site.echo, account: Site.echo, version: version),
        in: site,
        ["--port", "http:\(Site.servicePort)/http=\(backend.port)"])
    }
    try await runProxy(
      "caller", at: Site.Address.caller, as: site.grant("caller", account: "caller"), in: site,
      upstreams.flatMap { ["--upstream", $0.option] })
    _ = try await client.put(Site.routeRef, Site.route(to: Site.versions[0]))
    return site
  }

  private func runProxy(
    _ name: String, at address: String, as grant: WorkloadGrant, in site: Site,
    _ options: [String]
  ) async throws {
    let token = try await site.socket.mint(grant).text
    run(
      name,
      [
        "proxy", "--data", "\(folder)/\(name)", "--run", "\(folder)/\(name)/run", "--agent",
        "\(Site.Address.agent):15012", "--token-file", "-", "--role", "sidecar", "--capture",
        "none", "--address", address, "--envoy", envoy, "--concurrency", "1", "--drain-time",
        "0", "--readiness", "\(address):15021", "--metrics", "\(address):15020",
      ] + options, input: token + "\n")
  }

  private func run(_ name: String, _ arguments: [String], input: String = "") {
    starts.yield(
      Child(
        name: name, executable: rialto, arguments: arguments, input: input,
        log: "\(folder)/log/\(name).log"))
  }
}
