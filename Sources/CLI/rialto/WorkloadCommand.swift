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
      """)

  @Option(
    help: ArgumentHelp(
      "The agent's administration socket, or its data folder.", valueName: "socket|dir"))
  var agent: String

  @Option(help: ArgumentHelp("How the workload reaches the agent.", valueName: "host:port"))
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
  var data: String?

  @Option(name: .shortAndLong, help: "text, token or json.")
  var output: WorkloadTokenOutput = .text

  func run() async throws {
    let grant = WorkloadGrant(
      namespace: namespace, service: service, serviceAccount: serviceAccount ?? service,
      role: role, labels: try parsedLabels())
    do {
      let socket = try AdministrationSocket(socketOrFolder: agent)
      let (token, expires) = try await socket.mint(grant)
      print(text(token: token, expires: expires))
    } catch let problem as AdministrationSocket.Problem {
      throw ValidationError("\(problem)")
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

  private func text(token: String, expires: Int64) -> String {
    let address = agentAddress ?? "127.0.0.1:15012"
    let folder = data ?? "/var/lib/rialto/\(namespace)-\(service)"
    // `echo` is built into the shell: the token is no argument of any process.
    let line =
      "echo '\(token)' | rialto proxy --data '\(folder)' --agent '\(address)' --role \(role) "
      + "--token-file -"
    switch output {
    case .text: return line
    case .token: return token
    case .json:
      let date = Date(timeIntervalSince1970: Double(expires) / 1000)
      return Document.object([
        "token": .string(token), "expires": .string(date.formatted(.iso8601)),
        "command": .string(line), "namespace": .string(namespace), "service": .string(service),
        "role": .string(role),
      ]).prettyJSON
    }
  }
}

enum WorkloadTokenOutput: String, ExpressibleByArgument, CaseIterable {
  case text, token, json
}
