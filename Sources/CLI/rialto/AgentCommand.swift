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
      On its first start the agent joins with the token that 'rialto cluster add' printed. It \
      remembers its options: later starts need --data alone, and an option given then replaces \
      the remembered one. It serves its proxies whether the server is there or not.

      Examples:
        rialto agent --data /var/lib/rialto/agent --server https://rialto.example:9443 \\
          --token-file token --advertise 10.0.0.2
        rialto agent --data /var/lib/rialto/agent
      """)

  @Option(help: ArgumentHelp("The folder of the agent's state and keys.", valueName: "dir"))
  var data: String

  @OptionGroup var options: AgentOptions

  @Option(help: ArgumentHelp("A file with the join token; - reads standard input."))
  var tokenFile: String?

  @Option(help: "The join token itself; it is spent at once.")
  var token: String?

  func validate() throws {
    guard token == nil || tokenFile == nil else {
      throw ValidationError("give --token or --token-file, not both")
    }
  }

  func run() async throws {
    startLogging()
    let logger = Logger(label: "rialto.agent")
    do {
      let memory = OptionMemory(folder: data)
      let options = options.completed(from: try memory.read())
      let settings = try options.settings(folder: data, token: joinToken())
      let agent = try await ClusterAgent.prepare(settings, logger: logger)
      // Remembered once the agent has joined: a line that failed leaves nothing behind.
      try memory.write(options.document)
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
