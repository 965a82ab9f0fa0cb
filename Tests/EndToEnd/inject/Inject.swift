import Documents
import Foundation
import Model
import ProxySupervisor
import Storage

/// What the scenarios need and no operator could do.
///
///     rialto-inject objects DIRECTORY < {"FQN": {manifest}, …}
///     rialto-inject workloads HOST:PORT < TOKENS
@main
struct Inject {
  static func main() async throws {
    let arguments = CommandLine.arguments
    switch arguments.dropFirst().first {
    case "objects" where arguments.count == 3:
      try await writeObjects(into: arguments[2])
    case "workloads" where arguments.count == 3:
      guard let agent = AgentAddress(arguments[2]) else { usage() }
      try await Workloads(agent: agent).run()
    default: usage()
    }
  }

  private static func usage() -> Never {
    print("usage: rialto-inject objects DIRECTORY | workloads HOST:PORT")
    exit(64)
  }

  /// Writes objects into the database of a server that is stopped, through the real store and past
  /// every check above it: how the scenarios get an object to an Envoy that validation would refuse.
  private static func writeObjects(into directory: String) async throws {
    let input = [UInt8](FileHandle.standardInput.readDataToEndOfFile())
    let members = try JSONParser.document(from: input).object ?? [:]
    let steps = try members.sorted { $0.key < $1.key }.map { fqn, manifest in
      guard let ref = ResourceRef(fqn: fqn) else { throw NotAnObject(fqn: fqn) }
      return ProposedChange.Step.put(ref: ref, manifest: manifest, labels: [:], expecting: nil)
    }
    let store = try Store(directory: directory)
    let committed = try await store.commit(ProposedChange(actor: "inject", steps: steps))
    print(committed.revision.number)
  }

  struct NotAnObject: Error {
    var fqn: String
  }
}
