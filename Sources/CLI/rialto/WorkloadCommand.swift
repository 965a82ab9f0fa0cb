import ArgumentParser
import AgentStore
import ClusterAgent
import Documents
import FoundationEssentials

/// `rialto workload`: workloads of a site, on the machine of its agent.
struct WorkloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workload", abstract: "Let workloads join a site.",
    subcommands: [WorkloadAddCommand.self])
}

/// `rialto workload add`: prints a line that lets one workload join.
struct WorkloadAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Mint a join token for one workload.",
    discussion: """
      Talks to the agent's administration socket, so it works while the server is away. The line \
      that it prints runs unedited on the workload's machine; the token in it is good once, for 15 \
      minutes, and for nothing but this workload. It reaches the proxy on standard input and shows \
      in no list of processes.

      Examples:
        rialto workload add --namespace shop --service orders --port http:8080/http \\
          --health http:8080/healthz --label version=v1
        rialto workload add --namespace gateways --service ingress --role ingress
      """)

  @Option(
    help: ArgumentHelp(
      "The agent's administration socket, or its data folder.", valueName: "socket|dir"))
  var agent = "/var/lib/rialto/agent"

  @Option(
    help: ArgumentHelp(
      "How the workload reaches the agent; what the agent advertises unless set.",
      valueName: "host:port"))
  var agentAddress: String?

  @Option(help: "The namespace of the workload.")
  var namespace: String

  @Option(help: "The service that it provides an instance of.")
  var service: String

  @Option(help: "The service account that it runs as; the service's name unless set.")
  var serviceAccount: String?

  @Option(help: "sidecar, ingress, east-west, egress or edge.")
  var role = "sidecar"

  @Option(name: .customLong("label"), help: ArgumentHelp("May be repeated.", valueName: "k=v"))
  var labels: [String] = []

  @Option(
    help: ArgumentHelp("Where the workload's proxy keeps its state.", valueName: "dir"))
  var data = "/var/lib/rialto/proxy"

  @Option(
    help: ArgumentHelp(
      "For the line: a port of the workload; may be repeated.",
      valueName: "name:port[/protocol][=appport]"))
  var port: [String] = []

  @Option(help: "For the line: the IPv4 address at which the workload is reached.")
  var address: String?

  @Option(
    help: ArgumentHelp(
      "For the line: where other networks reach this gateway.", valueName: "ip[:port]"))
  var advertise: String?

  @Option(
    help: ArgumentHelp(
      "For the line: how the application is asked.", valueName: "http:port/path|tcp:port"))
  var health: String?

  @Option(
    help: ArgumentHelp(
      "For the line: reaches a service without capture; may be repeated.",
      valueName: "host:port=address:port"))
  var upstream: [String] = []

  @Option(help: "For the line: redirect or none.")
  var capture: String?

  @Option(name: .shortAndLong, help: "text, token or json.")
  var output: WorkloadTokenOutput = .text

  func run() async throws {
    let grant = WorkloadGrant(
      namespace: namespace, service: service, serviceAccount: serviceAccount ?? service,
      role: role, labels: try parsedLabels())
    try await Failure.reported(doing: "add \(service).\(namespace)", to: .standard) {
      Terminal.standard.line(try await minted(grant))
    }
  }

  private func minted(_ grant: WorkloadGrant) async throws -> String {
    do {
      let socket = try AdministrationSocket(socketOrFolder: agent)
      return text(of: try await socket.mint(grant))
    } catch let problem as AdministrationSocket.Problem {
      throw Failure(
        .unreachable, .unreachable, "\(problem)",
        advice: "Run this on the agent's machine; --agent names its data folder or its socket.")
    }
  }

  private func parsedLabels() throws -> [String: String] {
    var parsed: [String: String] = [:]
    for label in labels {
      let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw ValidationError("--label \(label): KEY=VALUE is meant")
      }
      parsed[String(parts[0])] = String(parts[1])
    }
    return parsed
  }

  private func text(of token: MintedToken) -> String {
    let line = line(with: token)
    switch output {
    case .text: return line
    case .token: return token.text
    case .json:
      let date = Date(timeIntervalSince1970: Double(token.expires) / 1000)
      return Document.object([
        "token": .string(token.text), "expires": .string(date.formatted(.iso8601)),
        "command": .string(line), "namespace": .string(namespace), "service": .string(service),
        "role": .string(role),
      ]).prettyJSON
    }
  }

  /// `printf` is built into the shell: the token is no argument of any process.
  private func line(with token: MintedToken) -> String {
    var words = [
      "rialto", "proxy", "--data", data, "--agent", agentAddress ?? token.agentAddress,
      "--role", role, "--token-file", "-",
    ]
    for (option, values) in [
      ("--label", labels), ("--port", port), ("--upstream", upstream),
      ("--address", address.map { [$0] } ?? []),
      ("--advertise", advertise.map { [$0] } ?? []), ("--health", health.map { [$0] } ?? []),
      ("--capture", capture.map { [$0] } ?? []),
    ] {
      for value in values { words += [option, value] }
    }
    let command = words.map(Self.quoted).joined(separator: " ")
    return "printf '%s\\n' '\(token.text)' | \(command)"
  }

  /// A word as a shell takes it literally.
  private static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "="):
        true
      default: false
      }
    }
    if isPlain && !word.isEmpty { return word }
    let parts = word.split(separator: "'", omittingEmptySubsequences: false)
    return "'" + parts.joined(separator: "'\\''") + "'"
  }
}

enum WorkloadTokenOutput: String, ExpressibleByArgument, CaseIterable {
  case text, token, json
}
