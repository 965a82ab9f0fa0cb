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
  @Option(name: [.short, .long], help: "table, wide, json, yaml, name, csv or jsonpath=….")
  var output: OutputFormat = .table

  @Flag(help: "No line of headings above a table.")
  var noHeaders = false

  @Option(help: ArgumentHelp("Sort a table by this column.", valueName: "column"))
  var sortBy: String?

  /// Something that is no list.
  ///
  /// - Parameter text: for people.
  func show(
    _ document: Document, to terminal: Terminal, names: @autoclosure () -> [String],
    text: () -> Void
  ) {
    switch output {
    case .table, .wide, .csv: text()
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
  ) {
    switch output {
    case .table, .wide, .csv: terminal.data(text(of: table()))
    case .json, .yaml, .name, .jsonpath:
      show(.object(["items": .list(items)]), to: terminal, names: items.map(name)) {}
    }
  }

  func text(of table: Table) -> String {
    var table = table
    if let sortBy { table.sort(by: sortBy) }
    return output == .csv
      ? table.csv(hidesHeadings: noHeaders) : table.text(hidesHeadings: noHeaders)
  }
}
