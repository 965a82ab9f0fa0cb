import ArgumentParser
import Documents
import FoundationEssentials
import ManagementClient
import Manifests
import Model

/// What a shell offers for a word that is being written: live names, from the server of the context
/// that the words choose. A server that does not answer at once offers nothing.
enum Completions {
  /// The longest that somebody who has pressed the key should wait, with the start of the program.
  static let deadline = Duration.milliseconds(120)

  /// Kinds first, which need no server; after a kind, the names of what there is.
  static let objects = CompletionKind.custom { words, index, _ in
    let before = CommandWords(written(words, before: index))
    let last = before.plain.last?.lowercased() ?? ""
    if !Manifests.kinds(named: last).isEmpty {
      return await inTime(before) { try await names(of: Manifests.kinds(named: last), before, $0) }
    }
    if WorkloadTable.words.contains(last) {
      return await inTime(before) { session in
        try await session.client.workloads().compactMap { $0["service"]?.string }
      }
    }
    return kindWords
  }

  static let contexts = CompletionKind.custom { words, _, _ in
    let selection = CommandWords(words).selection(ProcessInfo.processInfo.environment)
    let file = (try? selection.path()).flatMap { try? ContextFile.read(path: $0) }
    return file?.contexts.map(\.name) ?? []
  }
  static let fields = CompletionKind.custom { _, _, prefix in explainable(prefix) }
  static let clusters = names(of: .cluster)
  static let organizations = names(of: .organization)
  static let tenants = names(of: .tenant)
  static let workspaces = names(of: .workspace)
  static let groups = live { words, session in
    try await names(of: Kind.allCases.filter(\.isGroup), words, session)
  }
  static let proxies = live { _, session in
    try await session.client.proxies().compactMap { $0["nodeID"]?.string }
  }
  /// Where calls begin and end: services wherever they run, and clusters.
  static let places = live { words, session in
    let services = try await session.client.workloads().compactMap { item in
      item["service"]?.string.flatMap { service in
        item["namespace"]?.string.map { "\(service).\($0)" }
      }
    }
    return Set(services).sorted() + (try await names(of: [.cluster], words, session))
  }

  private static func names(of kind: Kind) -> CompletionKind {
    live { try await names(of: [kind], $0, $1) }
  }

  private static func names(
    of kinds: [Kind], _ words: CommandWords, _ session: Session
  ) async throws -> [String] {
    // The option that is being completed does not narrow down its own names.
    try await Targets(session: session, parents: words.parents(above: kinds))
      .all(kinds, view: .basic).map(\.ref.name)
  }

  private static func live(
    _ ask: @escaping @Sendable (CommandWords, Session) async throws -> [String]
  ) -> CompletionKind {
    .custom { words, index, _ in
      let before = CommandWords(written(words, before: index))
      return await inTime(before) { try await ask(before, $0) }
    }
  }

  /// The word under the cursor, and what comes after it, says nothing yet.
  private static func written(_ words: [String], before index: Int) -> [String] {
    words.indices.contains(index) ? Array(words[..<index]) : words
  }

  /// The words for kinds of objects, and for what else `get` shows.
  private static var kindWords: [String] {
    Kind.allCases.map(\.plural) + ["all", WorkloadTable.words[0], ProxyTable.words[0]]
  }

  /// The answer, if it comes in time and without any trouble.
  private static func inTime(
    _ words: CommandWords, _ ask: @escaping @Sendable (Session) async throws -> [String]
  ) async -> [String] {
    let selection = words.selection(ProcessInfo.processInfo.environment)
    guard let context = try? selection.load() else { return [] }
    return await withTaskGroup(of: [String].self) { group in
      group.addTask {
        let answer = try? await ManagementClient.with(context, connecting: deadline) { client in
          try await ask(
            Session(
              client: client, context: context,
              terminal: Terminal(data: { _ in }, note: { _ in }), now: { Date() },
              sleep: { try await Task.sleep(for: $0) }))
        }
        return Set(answer ?? []).sorted()
      }
      group.addTask {
        try? await Task.sleep(for: deadline)
        return []
      }
      defer { group.cancelAll() }
      return await group.next() ?? []
    }
  }
}

/// The words of a command line that is not finished, as far as completing it depends on them.
struct CommandWords: Sendable {
  /// The words that belong to no option, with those that name the command.
  private(set) var plain: [String] = []
  private var options: [String: String] = [:]

  private static let withValue: Set<String> = [
    "--config", "--context", "--organization", "--org", "--tenant", "--workspace", "--group", "-o",
    "--output", "-l", "--selector", "-n", "--namespace", "-f", "--filename", "--sort-by",
    "--columns", "--timeout", "--wait", "--for", "--limit", "--color", "--if-match", "--dry-run",
    "--type", "--cluster", "--change", "--after",
  ]

  init(_ words: [String]) {
    var rest = words[...]
    while let word = rest.popFirst() {
      guard word.utf8.first == UInt8(ascii: "-"), word != "-" else {
        plain.append(word)
        continue
      }
      if let sign = word.firstIndex(of: "=") {
        options[String(word[..<sign])] = String(word[word.index(after: sign)...])
      } else if Self.withValue.contains(word), let value = rest.popFirst() {
        options[word] = value
      }
    }
  }

  func selection(_ environment: [String: String]) -> ContextSelection {
    ContextSelection(
      file: options["--config"], context: options["--context"], environment: environment,
      folder: FileManager.default.currentDirectoryPath)
  }

  /// - Parameter kinds: nil: all parents that were written.
  func parents(above kinds: [Kind]? = nil) -> ParentOptions {
    var parents = ParentOptions()
    parents.organization = options["--organization"] ?? options["--org"]
    parents.tenant = options["--tenant"]
    parents.workspace = options["--workspace"]
    parents.group = options["--group"]
    for kind in kinds ?? [] {
      switch kind {
      case .organization: parents.organization = nil
      case .tenant: parents.tenant = nil
      case .workspace: parents.workspace = nil
      default: if kind.isGroup { parents.group = nil }
      }
    }
    return parents
  }
}
