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
  _ bytes: [UInt8], file: String? = nil, format: TextFormatName = .yaml
) -> Diagnosed<[Manifest]> {
  let (documents, textReport) = markedDocuments(in: bytes, file: file, format: format)
  var diagnostics = textReport.diagnostics
  var report = Report(file: file)
  var manifests: [Manifest] = []
  var places: [ResourceRef: Mark?] = [:]
  for document in documents {
    for item in items(of: document, &report) {
      var reader = EnvelopeReader(item, file: file, expected: nil)
      let manifest = reader.manifest()
      diagnostics += reader.report.diagnostics
      guard let manifest, !reader.report.hasErrors else { continue }
      if let first = places[manifest.ref] {
        let place = first.map { " in line \($0.line)" } ?? ""
        report.add(
          .repeated, at: FieldPath(), mark: item.mark,
          "\(manifest.ref.text) is there twice, first\(place)")
        continue
      }
      places[manifest.ref] = item.mark
      manifests.append(manifest)
    }
  }
  return Diagnosed(
    value: manifests, diagnostics: Array((diagnostics + report.diagnostics).prefix(Report.limit)))
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
}

/// The entries of a `kind: List`, or the document itself.
private func items(of document: MarkedDocument, _ report: inout Report) -> [Item] {
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
  var report = Report(file: file)
  if let problem = textProblem(bytes) {
    report.add(problem.code, problem.message)
    return ([], report)
  }
  switch format {
  case .json:
    do {
      let (value, marks) = try JSONParser.markedDocument(from: bytes)
      return ([MarkedDocument(value: value, marks: marks)], report)
    } catch {
      report.add(.syntax, mark: error.mark, "no valid JSON: \(error.message)")
      return ([], report)
    }
  case .yaml:
    let (events, failure) = YAMLEvent.events(of: bytes)
    var composer = YAMLComposer(events, report: report)
    composer.compose()
    report = composer.report
    if let failure { report.add(failure.code, mark: failure.mark, failure.message) }
    return (composer.documents, report)
  }
}

private func textProblem(_ bytes: [UInt8]) -> (code: ManifestCode, message: String)? {
  if bytes.count > maximumTextSize { return (.limit, "the text is larger than 1 MiB") }
  if bytes.contains(0) { return (.syntax, "the text holds a NUL byte") }
  if String(validating: bytes, as: UTF8.self) == nil {
    return (.syntax, "the text is not valid UTF-8")
  }
  return nil
}
