import Documents
import FoundationEssentials
import Model

/// A list of objects that is shown once as a whole, and after that as far as it differs.
struct WatchedList: Sendable {
  private var options: OutputOptions
  private var shown: [ResourceRef: Document] = [:]
  private var widths: [String: Int] = [:]
  /// What decides which columns there are: every object that was ever shown.
  private var everything: Set<ResourceRef> = []
  private var hasBegun = false

  /// - Parameter goesOn: leaves room for every state that comes later.
  init(_ options: OutputOptions, goesOn: Bool) {
    self.options = options
    if goesOn { widths["STATE"] = 8 }
  }

  mutating func show(_ found: [FoundObject], at now: Date, on terminal: Terminal) throws {
    var news = found.filter { shown[$0.ref] != $0.document }
    let there = Set(found.map(\.ref))
    if options.output.isTable {
      news += shown.filter { !there.contains($0.key) }.sorted { $0.key < $1.key }
        .map { FoundObject(ref: $0.key, document: Self.deleted($0.value)) }
    }
    shown = Dictionary(found.map { ($0.ref, $0.document) }, uniquingKeysWith: { $1 })
    guard !news.isEmpty || !hasBegun else { return }
    hasBegun = true
    everything.formUnion(news.map(\.ref))
    var printer = ObjectPrinter(options, now: now)
    printer.companions = everything
    printer.leastWidths = widths
    try printer.print(news, to: terminal)
    guard options.output.isTable else { return }
    let table = printer.table(of: news)
    widths.merge(table.widths) { max($0, $1) }
    options.noHeaders = true
  }

  private static func deleted(_ document: Document) -> Document {
    var members = document.object ?? [:]
    members["status"] = ["state": "DELETED"]
    return .object(members)
  }
}
