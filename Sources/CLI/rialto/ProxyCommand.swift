import ArgumentParser
import Foundation
import Identity
import Logging
import ProxySupervisor
import ServiceLifecycle
import Telemetry
import UnixSignals

/// `rialto proxy`: runs the Envoy of one workload or gateway.
struct ProxyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxy",
    abstract: "Run the proxy of one workload or gateway.",
    discussion: """
      On its first start the proxy joins with the token that 'rialto workload add' printed. It \
      remembers its options: later starts need --data alone, and an option given then replaces \
      the remembered one.

      Examples:
        rialto proxy --data /var/lib/rialto/proxy --agent 10.0.0.2:15012 --token-file token \\
          --port http:8080/http --health http:8080/healthz
        rialto proxy --data /var/lib/rialto/proxy
      """)

  @Option(help: ArgumentHelp("The folder of the proxy's state and key.", valueName: "dir"))
  var data: String

  @OptionGroup var options: ProxyOptions

  @Option(help: ArgumentHelp("A file with the join token; - reads standard input."))
  var tokenFile: String?

  @Option(help: "Names this proxy among those of the machine; the data folder's name unless set.")
  var instance: String?

  @Option(help: ArgumentHelp("The folder of sockets; /run/rialto/INSTANCE.", valueName: "dir"))
  var run: String?

  @Option(help: ArgumentHelp("Envoy's binary; RIALTO_ENVOY, or envoy in the path, unless set."))
  var envoy: String?

  @Option(help: "Where /ready is served.")
  var readiness = "0.0.0.0:15021"

  @Option(help: "Where /metrics is served.")
  var metrics = "127.0.0.1:15020"

  func run() async throws {
    startLogging()
    let logger = Logger(label: "rialto.proxy")
    do {
      let settings = try await settings()
      let proxy = ProxySupervisor(settings, logger: logger)
      try await ServiceGroup(
        configuration: ServiceGroupConfiguration(
          services: [
            ServiceGroupConfiguration.ServiceConfiguration(
              service: proxy, successTerminationBehavior: .gracefullyShutdownGroup)
          ],
          gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
      ).run()
    } catch {
      logger.critical("the proxy stops", metadata: ["reason": "\(error)"])
      throw ExitCode.failure
    }
  }

  private func settings() async throws -> ProxySettings {
    let memory = OptionMemory(folder: data)
    let options = try options.completed(from: memory.read())
    guard let agentText = options.agent, let agent = AgentAddress(agentText) else {
      throw ValidationError("--agent HOST:PORT is needed on the first start")
    }
    let ownAddress = try await options.parsedAddress(towards: agent)
    let settings = try settings(options, agent: agent, at: ownAddress)
    try memory.write(options.document)
    return settings
  }

  // Apart from what waits: the optimizer of Swift 6.3 crashes on both in one function.
  private func settings(
    _ options: ProxyOptions, agent: AgentAddress, at ownAddress: String
  ) throws -> ProxySettings {
    let folder = URL(fileURLWithPath: data).standardizedFileURL
    let role = try options.parsedRole()
    var settings = ProxySettings(
      dataFolder: folder.path,
      runFolder: run ?? "/run/rialto/\(instance ?? folder.lastPathComponent)",
      agent: agent, address: ownAddress, capture: options.parsedCapture(role),
      envoy: try envoyPath(), drainTime: .seconds(options.drainTime ?? 5),
      readiness: try address("--readiness", readiness), metrics: try address("--metrics", metrics),
      version: Version.text)
    settings.role = role
    settings.token = try tokenFile.map { try JoinToken(text: try text(ofToken: $0)) }
    settings.ports = try options.parsedPorts()
    settings.advertised = try options.parsedAdvertisement()
    settings.binding = try options.parsedBinding()
    settings.platform = try platform()
    settings.labels = try options.parsedLabels()
    settings.upstreams = try options.parsedUpstreams()
    settings.health = try options.parsedHealth()
    settings.concurrency = options.concurrency
    if let dns = options.dns {
      settings.resolver = try address("--dns", dns)
    } else if settings.capture == .redirect {
      settings.resolver = try address("--dns", "127.0.0.1:15053")
    }
    return settings
  }

  private func address(_ option: String, _ text: String) throws -> ListenAddress {
    guard let address = ListenAddress(text) else {
      throw ValidationError("\(option) \(text): ADDRESS:PORT is meant")
    }
    return address
  }

  private func text(ofToken file: String) throws -> String {
    if file == "-" {
      guard let line = readLine() else { throw ValidationError("no token on standard input") }
      return line
    }
    return String(decoding: try KeyFile(path: file).read(), as: UTF8.self)
  }

  /// What the environment says, or what the machine looks like.
  private func platform() throws -> String {
    guard let given = ProcessInfo.processInfo.environment["RIALTO_PLATFORM"], !given.isEmpty
    else { return machinePlatform() }
    guard ["vm", "container", "pod"].contains(given) else {
      throw ValidationError("RIALTO_PLATFORM=\(given): vm, container or pod is meant")
    }
    return given
  }

  private func envoyPath() throws -> String {
    let environment = ProcessInfo.processInfo.environment
    if let given = envoy ?? environment["RIALTO_ENVOY"] { return given }
    let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    for folder in folders + ["/usr/lib/rialto"] {
      let path = folder + "/envoy"
      if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    throw ValidationError("Envoy is not found: give --envoy, or set RIALTO_ENVOY")
  }
}
