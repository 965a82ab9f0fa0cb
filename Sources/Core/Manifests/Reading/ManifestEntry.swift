package import Documents
import Model

/// How a text is to be read that was not written for here alone.
package struct ReadingOptions: Sendable {
  /// The values of a template's variables; nil: the text is no template.
  package var variables: [String: String]?
  /// Leaves out objects of other APIs, with a warning each, that are errors otherwise.
  package var skipsForeign: Bool
  /// What the masks of `maskedApart` stand for.
  package var secrets: [String: String]

  package init(
    variables: [String: String]? = nil, skipsForeign: Bool = false, secrets: [String: String] = [:]
  ) {
    self.variables = variables
    self.skipsForeign = skipsForeign
    self.secrets = secrets
  }
}

/// One document of a text, or one item of a List, and what became of it.
package struct ManifestEntry: Sendable {
  /// As they are written, when they are there.
  package var apiVersion: String?
  package var kind: String?
  package var name: String?
  package var file: String?
  package var mark: Mark?
  /// nil: it is left out, or not even its kind and place are known.
  package var manifest: Manifest?
  package var diagnostics: [Diagnostic]
  /// Whether it belongs to another API and was left out.
  package var isSkipped = false

  package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

  /// Text in which no document can be made out.
  init(file: String?, diagnostics: [Diagnostic]) {
    self.file = file
    mark = diagnostics.lazy.compactMap(\.mark).first
    self.diagnostics = diagnostics
  }

  init(
    _ item: Item, file: String?, variables: [Mark: Template], options: ReadingOptions
  ) {
    func text(_ key: String, in value: Document?) -> String? {
      value?.object?.first { asciiLowercased($0.key) == key }?.value.string
    }
    self.file = file
    mark = item.mark
    apiVersion = text("apiversion", in: item.value)
    kind = text("kind", in: item.value)
    let metadata = item.value.object?.first { asciiLowercased($0.key) == "metadata" }?.value
    name = text("name", in: metadata) ?? text("fqn", in: metadata)
    if let reason = ForeignObject.reason(item.value) {
      var report = Report(file: file)
      isSkipped = options.skipsForeign
      report.add(
        .foreignObject, severity: isSkipped ? .warning : .error, mark: item.mark,
        reason + (isSkipped ? "; left out" : "; take it out, or leave it out with --skip-unknown"))
      diagnostics = report.diagnostics
      return
    }
    var reader = EnvelopeReader(item, file: file, expected: nil)
    manifest = reader.manifest()
    diagnostics = reader.report.diagnostics
    say(which: variables)
  }

  /// Says of values with variables in them that these are missing, instead of what is wrong with
  /// the values without them.
  private mutating func say(which variables: [Mark: Template]) {
    guard !variables.isEmpty else { return }
    let wrong = Set(diagnostics.filter { $0.severity == .error }.compactMap(\.mark))
    for (mark, template) in variables.sorted(by: { $0.key < $1.key }) {
      let isWrong = wrong.contains(mark)
      guard isWrong || template.hasBraces else { continue }
      var report = Report(file: file)
      for name in Set(template.names).sorted() {
        report.add(
          .unreplacedVariable, severity: isWrong ? .error : .warning, mark: mark,
          isWrong
            ? missingVariable(name, nil)
            : "${\(name)} is kept as it is written; --var \(name)=VALUE gives it a value")
      }
      let path = diagnostics.first { $0.mark == mark }?.path
      if isWrong { diagnostics.removeAll { $0.mark == mark && $0.severity == .error } }
      diagnostics += report.diagnostics.map { diagnostic in
        var diagnostic = diagnostic
        diagnostic.subject = manifest?.ref.fqn
        if let path { diagnostic.path = path }
        return diagnostic
      }
    }
  }
}

/// Every document of a text, what cannot be taken included, in the order of the text.
package func readEntries(
  _ bytes: [UInt8], file: String? = nil, format: TextFormatName = .yaml,
  options: ReadingOptions = ReadingOptions()
) -> [ManifestEntry] {
  var entries: [ManifestEntry] = []
  for part in markedParts(in: bytes, file: file, format: format, values: options.variables) {
    var report = part.report
    let items = part.documents.flatMap { document in
      Manifests.items(of: document.unmasked(options.secrets), &report).map {
        (item: $0, variables: document.variables)
      }
    }
    var found = items.map { item, variables in
      // A List shares its marks with its items.
      let inside = items.count == 1 ? variables : variables.filter { item.holds($0.key) }
      return ManifestEntry(item, file: file, variables: inside, options: options)
    }
    if found.count == 1 {
      // What is wrong with a value without its variables is no news.
      let unfilled = Set(
        report.diagnostics.filter { $0.code == ManifestCode.unreplacedVariable.rawValue }
          .compactMap(\.mark))
      let others = found[0].diagnostics.filter { !($0.mark.map(unfilled.contains) ?? false) }
      found[0].diagnostics = report.diagnostics + others
    } else if !report.diagnostics.isEmpty {
      entries.append(ManifestEntry(file: file, diagnostics: report.diagnostics))
    }
    entries += found
  }
  markRepetitions(among: &entries)
  return entries
}

private func markRepetitions(among entries: inout [ManifestEntry]) {
  var places: [String: Mark?] = [:]
  for index in entries.indices {
    guard !entries[index].hasErrors, let manifest = entries[index].manifest else { continue }
    guard let first = places[manifest.ref.fqn] else {
      places[manifest.ref.fqn] = entries[index].mark
      continue
    }
    var report = Report(file: entries[index].file, subject: manifest.ref.fqn)
    report.add(
      .repeated, mark: entries[index].mark,
      "\(manifest.ref.text) is there twice, first" + (first.map { " in line \($0.line)" } ?? ""))
    entries[index].diagnostics += report.diagnostics
  }
}
