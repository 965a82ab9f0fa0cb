import Documents
import Model

/// The fields that every object has and that may be written in `metadata` or in `spec`.
struct Common {
  private(set) var displayName: String?
  private(set) var description: String?
  private(set) var fqn: String?
  private(set) var etag: String?
  /// What remains of `spec`.
  private(set) var spec: Document

  init(
    metadata: Document, spec: Document?, at place: ShapeChecker.Place,
    _ checker: inout ShapeChecker
  ) {
    let value = spec ?? .object([:])
    self.spec = value == .null ? .object([:]) : value
    displayName = take(EnvelopeFields.displayName, metadata, place, &checker)
    description = take(EnvelopeFields.description, metadata, place, &checker)
    let path = Field("fqn", .text(.fqn), "", effect: .descriptive)
    fqn = take(path, metadata, place, &checker)
    etag = take(EnvelopeFields.etag, metadata, place, &checker)
    // The revisions of other servers say nothing about what is here.
    if checker.dialect == .tsb { etag = nil }
    if checker.dialect == .rialto, let version = metadata["resourceVersion"]?.string {
      if let etag, etag != version {
        checker.report.add(
          .contradiction, at: FieldPath() / "metadata" / "resourceVersion",
          "differs from etag; both name the revision that was seen")
      }
      etag = etag ?? version
    }
  }

  /// The field's value from `metadata` or `spec`, taken out of `spec`.
  private mutating func take(
    _ field: Field, _ metadata: Document, _ place: ShapeChecker.Place,
    _ checker: inout ShapeChecker
  ) -> String? {
    let above = metadata[field.name]?.string
    guard case .object(var members) = spec else { return above }
    let key = members.keys.sorted().first { camelCased($0) == field.name }
    guard let key, let value = members.removeValue(forKey: key) else { return above }
    spec = .object(members)
    if value == .null { return above }
    let inner = ShapeChecker.Place(written: place.written / key, path: place.path / field.name)
    guard let text = checker.checked(value, as: field.type, at: inner)?.string else { return above }
    if let above, !above.utf8.elementsEqual(text.utf8) {
      checker.report.add(
        .contradiction, at: inner.path, "differs from metadata.\(field.name); say it once")
    }
    return text
  }
}

/// Finds out which object a manifest is about, from all the places that may say so.
struct NamedPlace {
  let kind: Kind
  let expected: ResourceRef?
  private let dialect: Dialect
  /// Per level of the tree: the name, and what said it.
  private var names: [(name: String, source: String)?]

  init(kind: Kind, expected: ResourceRef?, dialect: Dialect) {
    self.kind = kind
    self.expected = expected
    self.dialect = dialect
    names = kind.ancestry.map { _ in nil }
    if kind.isOnly { names[names.count - 1] = (kind.collection, "the kind") }
    if let expected, expected.kind == kind {
      names = expected.names.map { ($0, "the path") }
    }
  }

  /// The annotations that name a parent.
  static func annotations(of kind: Kind) -> [String] {
    annotationPrefixes.map { $0 + (kind.isGroup ? kind.rawValue : kind.metadataKey) }
  }

  static let annotationPrefixes = ["rialto.mesh/", "tsb.tetrate.io/"]

  static let fqnAnnotations = ["rialto.mesh/fqn", "tsb.tetrate.io/fqn"]

  mutating func collect(from metadata: Document, fqn: String?, _ report: inout Report) {
    let path = FieldPath() / "metadata"
    let annotations = metadata["annotations"]?.object ?? [:]
    let paths =
      [(fqn, path / "fqn")]
      + Self.fqnAnnotations.map { (annotations[$0]?.string, path / "annotations" / $0) }
    for (text, place) in paths {
      guard let text else { continue }
      let ref = ResourceRef(fqn: text) ?? convertedFQN(text).flatMap(ResourceRef.init)
      // What there is one of is called by the name of what it belongs to.
      guard let ref, ref.kind == kind || (kind.isOnly && ref.kind == kind.parent) else {
        report.add(.wrongParents, at: place, "'\(shown(text))' is not the path of a \(kind.name)")
        continue
      }
      // What is written in metadata itself is said by its format.
      if place != path / "fqn", dialect != .rialto, let other = convertedFQN(text) {
        sayIsConverted(text, to: other, at: place, &report)
      }
      for (level, name) in ref.names.enumerated() {
        add(name, at: level, source: place.text, place, &report)
      }
    }
    for (level, parent) in kind.ancestry.enumerated() {
      let key = self.key(of: parent)
      if let name = metadata[key]?.string {
        add(name, at: level, source: (path / key).text, path / key, &report)
      }
      for annotation in Self.annotations(of: parent) where parent != kind {
        guard let name = annotations[annotation]?.string else { continue }
        let place = path / "annotations" / annotation
        if !isDNSLabel(name.utf8) {
          if dialect != .rialto, let other = convertedName(name) {
            sayIsConverted(name, to: other, at: place, &report)
          } else {
            report.add(
              .badName, at: place,
              "'\(shown(name))' \(TextFormat.name.complaint(about: name) ?? "")")
          }
        }
        add(name, at: level, source: place.text, place, &report)
      }
    }
  }

  private func sayIsConverted(
    _ text: String, to other: String, at place: FieldPath, _ report: inout Report
  ) {
    guard !text.utf8.elementsEqual(other.utf8) else { return }
    report.add(
      .converted, severity: .warning, at: place,
      "'\(shown(text))' is called '\(shown(other))' here")
  }

  private func key(of parent: Kind) -> String {
    parent == kind ? "name" : EnvelopeFields.key(of: parent, in: kind)
  }

  private mutating func add(
    _ written: String, at level: Int, source: String, _ place: FieldPath, _ report: inout Report
  ) {
    let isConverted = dialect != .rialto && !isName(written, of: kind.ancestry[level])
    let name = isConverted ? convertedName(written) ?? written : written
    guard let known = names[level] else {
      names[level] = (name, source)
      return
    }
    guard !known.name.utf8.elementsEqual(name.utf8) else { return }
    report.add(
      .wrongParents, at: place,
      "'\(shown(name))' contradicts '\(shown(known.name))' from \(known.source)")
  }

  func ref(_ report: inout Report) -> ResourceRef? {
    var isComplete = true
    for (level, parent) in kind.ancestry.enumerated() where names[level] == nil {
      isComplete = false
      let key = self.key(of: parent)
      let advice =
        parent == kind ? "this field is required" : "the \(parent.title) has to be named"
      report.add(
        parent == kind ? .missingField : .wrongParents, at: FieldPath() / "metadata" / key, advice)
    }
    let complete = names.compactMap { $0?.name }
    guard isComplete, areNames(complete, of: kind) else { return nil }
    return ResourceRef(kind, complete)
  }

  /// Canonical metadata: parents by their names, no concurrency token, no path.
  func metadata(
    of ref: ResourceRef, _ common: Common, _ written: Document
  ) -> [String: Document] {
    var metadata: [String: Document] = [:]
    if !kind.isOnly { metadata["name"] = .string(ref.name) }
    for (parent, name) in zip(kind.ancestry.dropLast(), ref.names) {
      metadata[key(of: parent)] = .string(name)
    }
    if kind.isRaw { metadata["namespace"] = written["namespace"] }
    metadata["displayName"] = common.displayName.map(Document.string)
    metadata["description"] = common.description.map(Document.string)
    if let labels = written["labels"]?.object, !labels.isEmpty {
      metadata["labels"] = .object(labels)
    }
    let places = Set(kind.ancestry.flatMap(Self.annotations(of:)) + Self.fqnAnnotations)
    let annotations = (written["annotations"]?.object ?? [:]).filter { !places.contains($0.key) }
    if !annotations.isEmpty { metadata["annotations"] = .object(annotations) }
    return metadata
  }
}
