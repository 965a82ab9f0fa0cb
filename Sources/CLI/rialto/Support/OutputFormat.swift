import ArgumentParser
import Documents
import Manifests

enum OutputFormat: ExpressibleByArgument, Hashable, Sendable {
  case table, wide, json, yaml, name, csv
  case jsonpath(JSONPath)

  init?(argument: String) {
    if argument.hasPrefix("jsonpath=") {
      guard let path = JSONPath(String(argument.dropFirst("jsonpath=".count))) else { return nil }
      self = .jsonpath(path)
      return
    }
    guard let (_, format) = Self.words.first(where: { $0.word == argument }) else { return nil }
    self = format
  }

  private static let words: [(word: String, format: OutputFormat)] = [
    ("table", .table), ("wide", .wide), ("json", .json), ("yaml", .yaml), ("name", .name),
    ("csv", .csv),
  ]

  static var allValueStrings: [String] { words.map(\.word) + ["jsonpath=…"] }

  var defaultValueDescription: String { Self.words.first { $0.format == self }?.word ?? "table" }

  /// Whether people read it, rather than programs.
  var isTable: Bool { self == .table || self == .wide }
}

struct OutputOptions: ParsableArguments {
  @Option(
    name: [.short, .long], help: "table, wide, json, yaml, name, csv or jsonpath=….",
    completion: .list(OutputFormat.allValueStrings.map { $0 == "jsonpath=…" ? "jsonpath=" : $0 }))
  var output: OutputFormat = .table

  @Flag(help: "No line of headings above a table.")
  var noHeaders = false

  @Option(help: ArgumentHelp("Sort a table by this column.", valueName: "column"))
  var sortBy: String?

  @Option(
    help: ArgumentHelp(
      "Only these columns of a table, in this order: name,state.", valueName: "columns"))
  var columns: String?

  /// Something that is no list.
  ///
  /// - Parameter text: for people.
  func show(
    _ document: Document, to terminal: Terminal, names: @autoclosure () -> [String],
    text: () throws -> Void
  ) rethrows {
    switch output {
    case .table, .wide, .csv: try text()
    case .json: terminal.line(document.prettyJSON)
    case .yaml: terminal.data(Manifests.yaml(document))
    case .name: for name in names() { terminal.line(visible(name)) }
    case .jsonpath(let path): terminal.line(visible(path.text(of: document)))
    }
  }

  /// Rows that are no objects: a table, or the documents that they came from.
  func print(
    _ items: [Document], named name: (Document) -> String, _ table: () -> Table,
    to terminal: Terminal
  ) throws {
    switch output {
    case .table, .wide, .csv: try print(table(), to: terminal)
    case .json, .yaml, .name, .jsonpath:
      show(.object(["items": .list(items)]), to: terminal, names: items.map(name)) {}
    }
  }

  func print(_ table: Table, to terminal: Terminal) throws {
    let text = try text(of: table)
    if output == .csv { terminal.data(text) } else { terminal.text(text) }
  }

  /// - Throws: `Failure`: there is no such column.
  func text(of table: Table) throws -> String {
    var table = table
    if let sortBy { try table.sort(by: sortBy) }
    if let columns {
      try table.select(
        columns.split(separator: ",", omittingEmptySubsequences: false).map(String.init))
    }
    return output == .csv
      ? table.csv(hidesHeadings: noHeaders) : table.text(hidesHeadings: noHeaders)
  }
}
