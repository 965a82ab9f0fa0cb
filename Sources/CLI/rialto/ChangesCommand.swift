import ArgumentParser
import Documents
import FoundationEssentials
import ManagementClient

struct ChangesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "changes", abstract: "Show what was changed, by whom, and how far it has come.",
    discussion: """
      Examples:
        rialto changes
        rialto changes 42 -o json
      """)

  @Argument(help: "One change, with what it did.")
  var revision: Int64?

  @Option(help: "How many of the newest.")
  var limit = 20

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if !(1...500).contains(limit) { throw ValidationError("--limit is from 1 to 500") }
    if let revision, revision < 1 { throw ValidationError("revisions count from 1") }
  }

  func run() async throws {
    try await Session.run(connection, what: "show the changes") { try await run(in: $0) }
  }

  func run(in session: Session) async throws {
    guard let revision else {
      return try Self.print(
        try await session.client.changes(limit: limit), output, session)
    }
    let change = try await session.client.change(revision)
    output.show(change, to: session.terminal, names: ["change/\(revision)"]) {
      session.terminal.text(Self.page(change))
    }
  }

  static func print(
    _ items: [Document], _ output: OutputOptions, _ session: Session
  ) throws {
    try output.print(
      items, named: { "change/\(number($0["revision"]))" },
      { table(items, at: session.now()) }, to: session.terminal)
  }

  static func table(_ items: [Document], at now: Date) -> Table {
    var table = Table(headings: ["REVISION", "AGE", "ACTOR", "PROGRESS", "OBJECTS"])
    table.rows = items.map { item in
      let objects = (item["objects"]?.list ?? []).map(Self.text)
      let more = objects.count > 3 ? " and \(objects.count - 3) more" : ""
      return [
        number(item["revision"]), age(of: item["committedAt"]?.string, at: now),
        item["actor"]?.string ?? "-", progress(item["propagation"] ?? .null),
        objects.prefix(3).joined(separator: ", ") + more,
      ]
    }
    return table
  }

  private static func page(_ change: Document) -> String {
    let propagation = change["propagation"] ?? .null
    var text = "revision: \(number(change["revision"]))\n"
    text += "actor:    \(visible(change["actor"]?.string ?? "-"))\n"
    text += "time:     \(visible(change["committedAt"]?.string ?? "-"))\n"
    text += "progress: \(progress(propagation))\n"
    for object in change["objects"]?.list ?? [] {
      text += "object:   \(visible(Self.text(object)))\n"
      if object["action"] == "updated" {
        text += PlanText.lines(of: object["diff"], indentation: "          ")
      }
    }
    return text + clustersText(propagation["clusters"]?.list ?? [], showsStages: true)
  }

  /// `serviceroute/orders updated`.
  static func text(_ object: Document) -> String {
    "\(ApplyCommand.shortText(object)) \(object["action"]?.string ?? "-")"
  }

  static func progress(_ propagation: Document) -> String {
    let rejected = (propagation["clusters"]?.list ?? []).compactMap { $0["rejected"]?.integer }
    if rejected.contains(where: { $0 > 0 }) { return "rejected" }
    if propagation["isComplete"]?.bool == true { return "complete" }
    guard propagation["isCompiled"]?.bool == true else { return "accepted" }
    let clusters = propagation["clusters"]?.list ?? []
    let complete = clusters.filter { $0["state"]?.string == "complete" }.count
    return "\(complete)/\(clusters.count) clusters"
  }
}
