import AgentStore
import ClusterAgent
import Documents
import Foundation
import Glibc
import Logging
import ManagementClient
import Model
import ProxySupervisor

extension Testbed {
  /// The folder of the run of one process, short enough for sockets.
  static func folder(of process: Int32) -> String { "/tmp/rialto-bench-\(process)" }

  private static func newFolder() throws -> String {
    let folder = folder(of: getpid())
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
    _ options: BenchOptions, _ plans: [SitePlan], manifests written: [Document]? = nil,
    _ body: @escaping @Sendable (Testbed) async throws -> Result
  ) async throws -> Result {
    // A server alone needs no Envoy.
    let (rialto, envoy) = (
      try options.rialtoPath(), plans.isEmpty ? "" : try options.envoyPath()
    )
    let folder = try newFolder()
    let children = Children(folder: folder)
    do {
      let (starts, start) = AsyncStream.makeStream(
        of: Child.self, bufferingPolicy: .bufferingOldest(256))
      let launch = Launch(
        rialto: rialto, envoy: envoy, folder: folder, children: children, starts: start)
      let result = try await beside([{ try await run(starts, start, children) }]) {
        try await launch.start(plans, written ?? manifests(for: plans), body)
      }
      sweep(folder)
      if !options.keep { try? FileManager.default.removeItem(atPath: folder) }
      return result
    } catch {
      sweep(folder)
      if Task.isCancelled, !options.keep {
        // Whoever interrupts it does not look for a reason.
        try? FileManager.default.removeItem(atPath: folder)
        throw error
      }
      FileHandle.standardError.write(Data("The logs are in \(folder)/log\n".utf8))
      throw error
    }
  }

  /// Runs the programs that are handed over, until one ends by itself or the task is cancelled.
  private static func run(
    _ starts: AsyncStream<Child>, _ start: AsyncStream<Child>.Continuation, _ children: Children
  ) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      for await child in starts {
        group.addTask {
          // The failure of a task does not end the loop that waits for more of them.
          defer { start.finish() }
          try await children.run(child)
        }
      }
    }
  }

  /// Ends what a killed supervisor left behind: only processes with this run's folder in their
  /// command line.
  static func sweep(_ folder: String) {
    for process in ProcessTable.processes(mentioning: folder + "/") { kill(process, SIGKILL) }
  }
}

/// Starts the processes of a testbed one after the other.
private struct Launch {
  let rialto: String
  let envoy: String
  let folder: String
  let children: Children
  let starts: AsyncStream<Child>.Continuation

  /// Runs `body` once all of them are up.
  func start<Result>(
    _ plans: [SitePlan], _ manifests: [Document], _ body: (Testbed) async throws -> Result
  ) async throws -> Result {
    var logger = Logger(label: "rialto-bench")
    logger.logLevel = .error
    let address = Testbed.serverAddress
    run(
      "server",
      [
        "server", "--data", "\(folder)/server", "--listen", "\(address):8443", "--fleet",
        "\(address):9443", "--advertise", address, "--organization", Testbed.organization,
        "--metrics", "0",
      ])
    let context = "\(folder)/server/admin-context.yaml"
    try await wait(for: "server") { FileManager.default.fileExists(atPath: context) }
    let file = try ContextFile.read(path: context)
    guard let chosen = file.contexts.first else {
      throw Impatience(description: "the server's context file is empty")
    }
    return try await ManagementClient.with(chosen) { client in
      try await wait(for: "answer of the server") { (try? await client.agents()) != nil }
      // In one piece, as a file would be.
      let file = manifests.map(\.canonicalText).joined(separator: "\n---\n")
      _ = try await client.apply(Array(file.utf8), contentType: "application/yaml")
      var testbed = Testbed(folder: folder, children: children, client: client, logger: logger)
      for plan in plans { testbed.sites[plan.name] = try await site(plan, in: testbed) }
      return try await body(testbed)
    }
  }

  private func site(_ plan: SitePlan, in testbed: Testbed) async throws -> Site {
    let cluster = ResourceRef(.cluster, [Testbed.organization, plan.name])
    let token = try await testbed.client.joinToken(for: cluster)["token"]?.string ?? ""
    let name = plan.prefix + "agent"
    run(
      name,
      [
        "agent", "--data", "\(folder)/\(name)", "--server",
        "https://\(Testbed.serverAddress):9443", "--token-file", "-", "--listen",
        "\(plan.agentAddress):15012", "--advertise", plan.agentAddress, "--health", "0",
      ], input: token + "\n")
    guard let agent = AgentAddress("\(plan.agentAddress):15012") else {
      throw Impatience(description: "the agent's address cannot be read")
    }
    let site = Site(
      plan: plan, socket: try AdministrationSocket(path: "\(folder)/\(name)/agent.sock"),
      agent: agent)
    try await wait(for: "agent of \(plan.name)") {
      (try? await site.socket.mint(site.grant("probe", account: "probe"))) != nil
    }
    try await runProxies(of: site)
    return site
  }

  private func runProxies(of site: Site) async throws {
    let plan = site.plan
    if let role = plan.gateway {
      let grant = site.grant(role, account: role, role: role, labels: ["app": role])
      try await runProxy(
        "gateway", at: plan.gatewayAddress, as: grant, in: site,
        ["--role", role, "--advertise", plan.gatewayAddress, "--bind", plan.gatewayAddress])
    }
    for (index, version) in plan.instances.enumerated() {
      let backend = try await Backend.start(saying: version)
      try await runProxy(
        version, at: plan.instanceAddress(index),
        as: site.grant(Testbed.echo, account: Testbed.echo, labels: ["version": version]),
        in: site,
        [
          "--role", "sidecar", "--port", "http:\(Testbed.servicePort)/http=\(backend.port)",
        ])
    }
    guard !plan.upstreams.isEmpty else { return }
    let listeners = plan.upstreams.flatMap { upstream in
      [
        "--upstream",
        "\(Testbed.host(upstream.service)):\(Testbed.servicePort)=\(plan.callerAddress):"
          + "\(upstream.port)",
      ]
    }
    try await runProxy(
      "caller", at: plan.callerAddress, as: site.grant("caller", account: "caller"), in: site,
      ["--role", "sidecar"] + listeners)
  }

  private func runProxy(
    _ member: String, at address: String, as grant: WorkloadGrant, in site: Site,
    _ options: [String]
  ) async throws {
    let token = try await site.socket.mint(grant).text
    let name = site.plan.prefix + member
    run(
      name,
      [
        "proxy", "--data", "\(folder)/\(name)", "--run", "\(folder)/\(name)/run", "--agent",
        "\(site.plan.agentAddress):15012", "--token-file", "-", "--capture", "none", "--address",
        address, "--envoy", envoy, "--concurrency", "1", "--drain-time", "0", "--readiness",
        "\(address):15021", "--metrics", "\(address):15020",
      ] + options, input: token + "\n")
  }

  private func run(_ name: String, _ arguments: [String], input: String = "") {
    starts.yield(
      Child(
        name: name, executable: rialto, arguments: arguments, input: input,
        log: "\(folder)/log/\(name).log"))
  }
}
