import Documents
import Foundation
import Model
import Storage

/// Writes objects into the database of a server that is stopped, through the real store and past
/// every check above it: how the scenarios get an object to an Envoy that no operator could write.
///
///     rialto-inject DIRECTORY < {"FQN": {manifest}, …}
@main
struct Inject {
  static func main() async throws {
    let input = [UInt8](FileHandle.standardInput.readDataToEndOfFile())
    guard CommandLine.arguments.count == 2,
      case .object(let members) = try JSONParser.document(from: input)
    else {
      print("usage: rialto-inject DIRECTORY < {\"FQN\": {manifest}, …}")
      exit(64)
    }
    let steps = try members.sorted { $0.key < $1.key }.map { fqn, manifest in
      guard let ref = ResourceRef(fqn: fqn) else { throw NotAnObject(fqn: fqn) }
      return ProposedChange.Step.put(ref: ref, manifest: manifest, labels: [:], expecting: nil)
    }
    let store = try Store(directory: CommandLine.arguments[1])
    let committed = try await store.commit(ProposedChange(actor: "inject", steps: steps))
    print(committed.revision.number)
  }

  struct NotAnObject: Error {
    var fqn: String
  }
}
