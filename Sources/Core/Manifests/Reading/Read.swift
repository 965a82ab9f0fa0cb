package import Documents
package import Model

/// How a text is written.
package enum TextFormatName: String, CaseIterable, Sendable {
  case yaml, json
}

/// The largest text that is read, in bytes.
package let maximumTextSize = 1 << 20

/// The manifests in a text of one or many documents, `kind: List` included, in their order.
///
/// Everything that is wrong is reported at once; a manifest with errors is not among the result.
/// - Parameters:
///   - bytes: the text as it came, at most 1 MiB.
///   - file: what the client calls the text, for messages.
///   - format: YAML includes JSON; `.json` accepts nothing else.
package func read(
  _ bytes: [UInt8], file: String? = nil, format: TextFormatName = .yaml,
  options: ReadingOptions = ReadingOptions()
) -> Diagnosed<[Manifest]> {
  let entries = readEntries(bytes, file: file, format: format, options: options)
  return Diagnosed(
    value: entries.filter { !$0.hasErrors }.compactMap(\.manifest),
    diagnostics: Array(entries.flatMap(\.diagnostics).prefix(Report.limit)))
}

/// The one object in the body of a request for a known path: a whole manifest, one without
/// apiVersion and kind, or the fields of `spec` alone. Names that are there have to agree with the path.
package func readBody(
  _ bytes: [UInt8], at ref: ResourceRef, format: TextFormatName
) -> Diagnosed<Manifest?> {
  let (documents, report) = markedDocuments(in: bytes, file: nil, format: format)
  if report.hasErrors { return Diagnosed(value: nil, diagnostics: report.diagnostics) }
  guard documents.count == 1, let document = documents.first else {
    var report = report
    report.add(.syntax, "the body has to be exactly one object")
    return Diagnosed(value: nil, diagnostics: report.diagnostics)
  }
  return manifest(from: Item(document), at: ref)
}

/// The manifest of a document that did not come as text, such as a stored one with a patch in it.
package func manifest(from document: Document, at ref: ResourceRef) -> Diagnosed<Manifest?> {
  manifest(from: Item(MarkedDocument(value: document, marks: [:])), at: ref)
}

private func manifest(from item: Item, at ref: ResourceRef) -> Diagnosed<Manifest?> {
  var reader = EnvelopeReader(item, file: nil, expected: ref)
  let manifest = reader.manifest()
  let isUsable = !reader.report.hasErrors
  return Diagnosed(value: isUsable ? manifest : nil, diagnostics: reader.report.diagnostics)
}

/// One value of any content in a YAML or JSON text, for files that are no manifests.
package func document(
  fromYAML bytes: [UInt8], file: String? = nil
) -> Diagnosed<Document?> {
  var (documents, report) = markedDocuments(in: bytes, file: file, format: .yaml)
  if documents.count > 1 { report.add(.syntax, "one document is expected, not several") }
  return Diagnosed(
    value: report.hasErrors ? nil : documents.first?.value, diagnostics: report.diagnostics)
}

/// A value of a text that should be a manifest.
struct Item {
  let value: Document
  let marks: [FieldPath: Mark]
  /// Where it is in its text.
  let path: FieldPath
  let isDefective: Bool

  init(_ document: MarkedDocument) {
    self.init(
      value: document.value, marks: document.marks, path: FieldPath(),
      isDefective: document.isDefective)
  }

  init(value: Document, marks: [FieldPath: Mark], path: FieldPath, isDefective: Bool) {
    self.value = value
    self.marks = marks
    self.path = path
    self.isDefective = isDefective
  }

  var mark: Mark? { marks[path] }

  /// Whether something that is at the mark is a part of the item.
  func holds(_ mark: Mark) -> Bool {
    marks.contains { $0.value == mark && $0.key.steps.starts(with: path.steps) }
  }
}

/// The entries of a `kind: List`, or the document itself.
func items(of document: MarkedDocument, _ report: inout Report) -> [Item] {
  guard document.value["kind"]?.string == "List" else { return [Item(document)] }
  guard let entries = document.value["items"]?.list else {
    report.add(
      .missingField, at: FieldPath() / "items", mark: document.marks[FieldPath()],
      "a List has a list of items")
    return []
  }
  for key in (document.value.object ?? [:]).keys.sorted()
  where !["apiVersion", "apiversion", "items", "kind", "metadata"].contains(key) {
    let path = FieldPath() / key
    report.add(.unknownField, at: path, mark: document.marks[path], "a List has no such field")
  }
  return entries.enumerated().map { index, entry in
    Item(
      value: entry, marks: document.marks, path: (FieldPath() / "items")[index],
      isDefective: document.isDefective)
  }
}

private func markedDocuments(
  in bytes: [UInt8], file: String?, format: TextFormatName
) -> ([MarkedDocument], Report) {
  let parts = markedParts(in: bytes, file: file, format: format, values: nil)
  var report = Report(file: file)
  for part in parts { report.add(part.report) }
  return (parts.flatMap(\.documents), report)
}

/// The documents of a text, each with what is wrong with it as a text.
///
/// - Parameter values: of a template's variables; nil: the text is no template.
func markedParts(
  in bytes: [UInt8], file: String?, format: TextFormatName, values: [String: String]?
) -> [(documents: [MarkedDocument], report: Report)] {
  var report = Report(file: file)
  if let problem = textProblem(bytes) {
    report.add(problem.code, problem.message)
    return [([], report)]
  }
  switch format {
  case .json:
    do {
      let (value, marks) = try JSONParser.markedDocument(from: bytes)
      var document = MarkedDocument(value: value, marks: marks)
      document.fill(values, &report)
      return [([document], report)]
    } catch {
      report.add(.syntax, mark: error.mark, "no valid JSON: \(error.message)")
      return [([], report)]
    }
  case .yaml:
    var limit = YAMLEvent.limit
    return TextChunk.chunks(of: bytes).map { chunk in
      marked(chunk, Report(file: file), values, &limit)
    }
  }
}

private func marked(
  _ chunk: TextChunk, _ report: Report, _ values: [String: String]?, _ limit: inout Int
) -> (documents: [MarkedDocument], report: Report) {
  let (events, failure) = YAMLEvent.events(of: chunk.bytes, after: chunk.line, limit: limit)
  limit -= events.count
  var composer = YAMLComposer(events, values: values, report: report)
  composer.compose()
  var report = composer.report
  let isDefective = failure != nil || composer.documents.contains(where: \.isDefective)
  if isDefective, let place = chunk.placeOfBraces {
    // What YAML makes of the template helps nobody.
    report = Report(file: report.file)
    report.add(
      .unreplacedVariable, mark: place,
      "a template of Helm; let 'helm template' render it, and read what comes out")
    return ([], report)
  }
  if let failure { report.add(failure.code, mark: failure.mark, failure.message) }
  if let line = chunk.mendedLine, !composer.documents.isEmpty {
    report.add(
      .syntax, severity: .warning, mark: Mark(line: line, column: 1),
      "the dashes are taken as the end of the document; a line of its own, ---, ends one")
  }
  return (composer.documents, report)
}

private func textProblem(_ bytes: [UInt8]) -> (code: ManifestCode, message: String)? {
  if bytes.count > maximumTextSize { return (.limit, "the text is larger than 1 MiB") }
  if bytes.contains(0) { return (.syntax, "the text holds a NUL byte") }
  if String(validating: bytes, as: UTF8.self) == nil {
    return (.syntax, "the text is not valid UTF-8")
  }
  return nil
}
