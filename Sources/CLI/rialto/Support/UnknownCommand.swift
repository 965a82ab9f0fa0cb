import ArgumentParser
import Manifests

/// What to say about a command that is not there; the parser of arguments only says that it is not.
enum UnknownCommand {
  /// nil when the words lead to a command.
  static func failure(in arguments: [String]) -> Failure? {
    var command: any ParsableCommand.Type = Rialto.self
    var path = ["rialto"]
    for word in arguments {
      let children = command.configuration.subcommands
      guard !children.isEmpty, !word.utf8.starts(with: "-".utf8) else { return nil }
      guard let child = children.first(where: { names(of: $0).contains(word) }) else {
        return failure(word, at: path, known: children.flatMap(names))
      }
      command = child
      path.append(word)
    }
    return nil
  }

  static func names(of command: any ParsableCommand.Type) -> [String] {
    let configuration = command.configuration
    return [configuration.commandName ?? ""] + configuration.aliases
  }

  private static func failure(_ word: String, at path: [String], known: [String]) -> Failure {
    let path = path.joined(separator: " ")
    return Failure(
      .usage, .unknownCommand, "there is no command '\(path) \(word)'",
      advice: elsewhere["\(path) \(word)"]
        ?? (known.first { $0.utf8.starts(with: word.utf8) } ?? nearest(to: word, of: known)).map {
          "Did you mean '\(path) \($0)'?"
        }
        ?? "'\(path) --help' lists the commands.")
  }

  /// What users of kubectl, istioctl, kumactl and tctl type first, and how that is said here.
  private static let elsewhere = [
    "rialto analyze": "'rialto apply -f FILE --dry-run=server' checks all that a write checks.",
    "rialto create": "'rialto apply -f FILE' creates and changes objects.",
    "rialto inspect": "'rialto proxies config NODE' shows what a proxy was told, and why.",
    "rialto install": "'rialto server' starts the server; 'rialto cluster add' lets sites join.",
    "rialto list": "'rialto get KIND' lists objects, 'rialto get all' everything.",
    "rialto label": "'rialto edit KIND NAME' changes metadata.labels.",
    "rialto login": "'rialto config view' shows which server is asked, and as whom.",
    "rialto logs": "Server, agents and proxies write to their standard error: see journalctl.",
    "rialto ls": "'rialto get KIND' lists objects, 'rialto get all' everything.",
    "rialto patch": "'rialto edit KIND NAME' or 'rialto apply -f FILE' changes objects.",
    "rialto replace": "'rialto apply -f FILE' creates and changes objects.",
    "rialto rollout":
      "'rialto wait' waits until all is in force; 'rialto history' and 'rialto rollback' go back.",
    "rialto pc": "'rialto proxies config NODE' shows what a proxy was told, and why.",
    "rialto proxy-config": "'rialto proxies config NODE' shows what a proxy was told, and why.",
    "rialto ps": "'rialto proxies status' shows every proxy.",
    "rialto proxy-status": "'rialto proxies status' shows every proxy.",
    "rialto rm": "'rialto delete KIND NAME' deletes.",
    "rialto undo":
      "'rialto rollback REVISION' brings a revision back; 'rialto changes' lists them.",
    "rialto validate": "'rialto apply -f FILE --dry-run=server' checks all that a write checks.",
    "rialto workloads": "'rialto get workloads' shows them.",
  ]
}
