import Documents
import Model

/// Reads what is around `spec`: which kind, which object, which dialect.
struct EnvelopeReader {
  private let item: Item
  private let file: String?
  /// The object that the path of a request names.
  private let expected: ResourceRef?
  private(set) var report: Report

  private static let keys = ["apiVersion", "kind", "metadata", "spec", "status"]

  init(_ item: Item, file: String?, expected: ResourceRef?) {
    self.item = item
    self.file = file
    self.expected = expected
    report = Report(file: file, subject: expected?.fqn)
    report.marks[FieldPath()] = item.mark
  }

  /// The manifest, or nil when not even its kind and place are known. What is wrong is in `report`.
  mutating func manifest() -> Manifest? {
    guard let members = item.value.object else {
      report.add(.wrongType, "a manifest is an object, not \(item.value.kindName)")
      return nil
    }
    let isBare = expected != nil && !members.keys.contains { Self.keys.contains(spelled($0)) }
    let envelope = isBare ? ["spec": item.value] : envelope(of: members)
    guard let kind = kind(of: envelope) else { return nil }

    let base = isBare ? FieldPath() : item.path
    var checker = ShapeChecker(report: report, written: item.marks)
    let metadata = metadata(envelope["metadata"], of: kind, &checker)
    let specPlace = ShapeChecker.Place(
      written: isBare ? base : base / "spec", path: FieldPath() / "spec")
    var names = NamedPlace(kind: kind, expected: expected)
    let common = Common(
      metadata: metadata, spec: envelope["spec"], at: specPlace, &checker)
    names.collect(from: metadata, fqn: common.fqn, &checker.report)
    let ref = names.ref(&checker.report)
    if let ref { checker.report.assign(subject: ref.fqn) }

    let spec = checker.checked(common.spec, as: .object(kind.spec), at: specPlace)
    report = checker.report
    guard let ref, let spec else { return nil }
    let typed = typedSpec(of: ref, Cursor(spec, at: specPlace.path), &report)
    guard let typed, !item.isDefective else { return nil }
    let document: Document = .object([
      "apiVersion": .string(kind.apiVersion), "kind": .string(kind.name),
      "metadata": .object(names.metadata(of: ref, common, metadata)), "spec": spec,
    ])
    return Manifest(
      ref: ref, document: document, spec: typed, etag: common.etag, file: file,
      marks: report.marks)
  }

  /// `apiversion` and `Metadata` occur in real files.
  private func spelled(_ key: String) -> String {
    Self.keys.first { asciiLowercased($0) == asciiLowercased(key) } ?? key
  }

  private mutating func envelope(of members: [String: Document]) -> [String: Document] {
    var envelope: [String: Document] = [:]
    for (key, value) in inOrder(members) {
      let name = spelled(key)
      let mark = item.marks[item.path / key]
      if let mark { report.marks[FieldPath() / name] = mark }
      if !Self.keys.contains(name) {
        report.add(
          .unknownField, at: FieldPath() / key, mark: mark,
          "unknown field; a manifest has apiVersion, kind, metadata and spec"
            + didYouMean(key, of: Self.keys))
      } else if envelope.updateValue(value, forKey: name) != nil {
        report.add(.duplicateKey, at: FieldPath() / name, mark: mark, "'\(name)' is there twice")
      } else if name != key {
        report.add(
          .deprecated, severity: .warning, at: FieldPath() / key, mark: mark, "write '\(name)'")
      }
    }
    return envelope
  }

  // MARK: Kind

  private mutating func kind(of envelope: [String: Document]) -> Kind? {
    let version = text(envelope, "apiVersion")
    let name = text(envelope, "kind")
    if let expected, envelope["apiVersion"] == nil, envelope["kind"] == nil { return expected.kind }
    guard let version, let name else { return nil }
    guard let found = Self.kind(apiVersion: version, name: name) else {
      report.add(.unknownKind, at: FieldPath() / "kind", unknown(version: version, name: name))
      return nil
    }
    if let expected, expected.kind != found {
      report.add(
        .wrongParents, at: FieldPath() / "kind",
        "the path names a \(expected.kind.name) of \(expected.kind.apiGroup), not a \(found.name) "
          + "of \(found.apiGroup)")
      return nil
    }
    return found
  }

  private mutating func text(_ envelope: [String: Document], _ key: String) -> String? {
    guard let value = envelope[key], value != .null else {
      if expected == nil || envelope["apiVersion"] != nil || envelope["kind"] != nil {
        report.add(.missingField, at: FieldPath() / key, "this field is required")
      }
      return nil
    }
    guard let text = value.string else {
      report.add(.wrongType, at: FieldPath() / key, "this has to be text, not \(value.kindName)")
      return nil
    }
    return text
  }

  static func kind(apiVersion: String, name: String) -> Kind? {
    let groups = Set(Kind.allCases.map(\.apiGroup)).sorted()
    let group = groups.first { group in
      apiVersion == "\(group).rialto.mesh/v2" || apiVersion == "\(group).tsb.tetrate.io/v2"
        || (group == "api" && apiVersion == "tsb.tetrate.io/v2")
    }
    return group.flatMap { Kind(apiGroup: $0, name: name) }
  }

  private func unknown(version: String, name: String) -> String {
    let base = "no kind '\(shown(name))' in '\(shown(version))'"
    let homes = Kind.allCases.filter { $0.name == name }.map(\.apiVersion)
    if !homes.isEmpty { return "\(base); it is in \(homes.joined(separator: ", "))" }
    return base + didYouMean(name, of: Kind.allCases.map(\.name))
  }

  // MARK: Metadata

  private mutating func metadata(
    _ value: Document?, of kind: Kind, _ checker: inout ShapeChecker
  ) -> Document {
    var members = (value ?? .null).object ?? [:]
    if let value, value != .null, value.object == nil {
      checker.report.add(
        .wrongType, at: FieldPath() / "metadata", "this has to be an object, not \(value.kindName)")
    }
    for key in EnvelopeFields.outputOnly { members[key] = nil }
    // Where the Kubernetes dialect keeps its custom resource; it says nothing about the object.
    members["namespace"] = nil
    let place = ShapeChecker.Place(
      written: item.path / "metadata", path: FieldPath() / "metadata")
    let shape = EnvelopeFields.metadata(of: kind)
    let optional = Shape(shape.fields.map(\.optional))
    return checker.object(.object(members), optional, at: place) ?? .object([:])
  }
}

extension Field {
  /// The same field where its absence is judged elsewhere.
  fileprivate var optional: Field {
    Field(name, type, doc, isRequired: false, successor: successor, effect: effect, absent: absent)
  }
}
