import ArgumentParser
import ClusterAgent
import Identity
import Logging
import ServiceLifecycle
import Telemetry
import UnixSignals

/// `rialto agent`: runs one site.
struct AgentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent",
    abstract: "Run the agent of one cluster.",
    discussion: """
      On its first start the agent joins with the token that 'rialto cluster add' printed; \
      afterwards it needs none. It keeps everything in its data folder and serves its proxies \
      whether the server is there or not.
      """)

  @Option(help: ArgumentHelp("The folder of the agent's state and keys.", valueName: "dir"))
  var data: String

  @Option(help: ArgumentHelp("The server, https://HOST:9443.", valueName: "url"))
  var server: String

  @Option(help: ArgumentHelp("A file with the join token; - reads standard input."))
  var tokenFile: String?

  @Option(help: "The join token itself; it is spent at once.")
  var token: String?

  @Option(help: ArgumentHelp("Where workloads connect.", valueName: "addr:port"))
  var listen = "0.0.0.0:15012"

  @Option(help: ArgumentHelp("How workloads reach this agent; may be repeated.", valueName: "host"))
  var advertise: [String] = []

  @Option(help: ArgumentHelp("The administration socket.", valueName: "path"))
  var socket: String?

  @Option(
    help: ArgumentHelp(
      "Health and metrics, on loopback; 0 leaves them out.", valueName: "addr:port"))
  var health = "127.0.0.1:15014"

  func validate() throws {
    guard token == nil || tokenFile == nil else {
      throw ValidationError("give --token or --token-file, not both")
    }
    guard ServerAddress(server) != nil else {
      throw ValidationError("--server must be https://HOST:PORT or HOST:PORT")
    }
    guard ServerAddress(listen).map({ isAddress($0.host) }) == true else {
      throw ValidationError("--listen must be ADDRESS:PORT")
    }
    guard health == "0" || ServerAddress(health) != nil else {
      throw ValidationError("--health must be ADDRESS:PORT or 0")
    }
  }

  func run() async throws {
    startLogging()
    let logger = Logger(label: "rialto.agent")
    guard let server = ServerAddress(server), let listen = ServerAddress(listen) else {
      throw ValidationError("--server or --listen cannot be read")
    }
    var settings = AgentSettings(
      folder: data, server: server, token: try joinToken(), listenHost: listen.host,
      listenPort: listen.port, advertise: advertise, socket: socket, version: "0.1.0")
    let health = ServerAddress(health)
    settings.healthHost = health?.host ?? settings.healthHost
    settings.healthPort = health?.port
    do {
      let agent = try await ClusterAgent.prepare(settings, logger: logger)
      try await ServiceGroup(
        services: [agent], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
      ).run()
    } catch {
      logger.critical("the agent stops", metadata: ["reason": "\(error)"])
      throw ExitCode.failure
    }
  }

  private func joinToken() throws -> JoinToken? {
    if let token { return try JoinToken(text: token) }
    guard let tokenFile else { return nil }
    return try JoinToken(text: try readTokenText(from: tokenFile))
  }
}

/// A token from a file, or from standard input when the name is `-`.
func readTokenText(from name: String) throws -> String {
  if name == "-" {
    guard let line = readLine() else { throw ValidationError("no token on standard input") }
    return line
  }
  return String(decoding: try KeyFile(path: name).read(), as: UTF8.self)
}
