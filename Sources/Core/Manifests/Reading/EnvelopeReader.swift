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
    let version = envelope["apiVersion"]?.string ?? kind.apiVersion
    let dialect = Dialect(apiVersion: version) ?? .rialto
    var checker = ShapeChecker(report: report, written: item.marks, dialect: dialect)
    let metadata = metadata(envelope["metadata"], of: kind, &checker)
    let specPlace = ShapeChecker.Place(
      written: isBare ? base : base / "spec", path: FieldPath() / "spec")
    var names = NamedPlace(kind: kind, expected: expected, dialect: dialect)
    let common = Common(
      metadata: metadata, spec: envelope["spec"], at: specPlace, &checker)
    names.collect(from: metadata, fqn: common.fqn, &checker.report)
    let ref = names.ref(&checker.report)
    if let ref { checker.report.assign(subject: ref.fqn) }

    let type = kind.isRaw ? FieldType.anything : .object(kind.spec)
    let spec = checker.checked(common.spec, as: type, at: specPlace)
    report = checker.report
    guard let ref, let spec else { return nil }
    if kind.isRaw, spec.object == nil {
      report.add(.wrongType, at: specPlace.path, "this has to be an object, not \(spec.kindName)")
    }
    let typed = typedSpec(of: ref, Cursor(spec, at: specPlace.path), &report)
    guard let typed, !item.isDefective else { return nil }
    let document: Document = .object([
      "apiVersion": .string(dialect == .istio ? version : kind.apiVersion),
      "kind": .string(kind.name),
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
    let candidates = Self.kinds(apiVersion: version, name: name)
    guard !candidates.isEmpty else {
      report.add(.unknownKind, at: FieldPath() / "kind", unknown(version: version, name: name))
      return nil
    }
    if let expected {
      if candidates.contains(expected.kind) { return expected.kind }
      report.add(
        .wrongParents, at: FieldPath() / "kind",
        "the path names a \(expected.kind.name) of \(expected.kind.apiGroup), not a "
          + "\(candidates[0].name) of \(candidates[0].apiGroup)")
      return nil
    }
    if candidates.count == 1 { return candidates[0] }
    return kind(among: candidates, Parents(of: envelope["metadata"] ?? .null))
  }

  /// The kind whose parents are those that the object names.
  private mutating func kind(among candidates: [Kind], _ parents: Parents) -> Kind? {
    if let kind = candidates.last(where: parents.fit) { return kind }
    let keys = candidates.compactMap { kind in
      kind.parent.map { EnvelopeFields.key(of: $0, in: kind) }
    }
    report.add(
      .wrongParents, at: FieldPath() / "metadata",
      candidates[0].isAccess
        ? "fqn has to name the object that it is about, which takes access bindings"
        : "one of \(keys.joined(separator: ", ")) has to say what the object belongs to")
    return nil
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

  /// The kinds that a manifest may be of, those with parents further down last.
  static func kinds(apiVersion: String, name: String) -> [Kind] {
    switch Dialect(apiVersion: apiVersion) {
    case nil: return []
    case .istio?:
      let group = apiVersion.split(separator: "/").first.map(String.init)
      return Kind.allCases.filter { $0.istioGroup == group && $0.name == name }
    case .rialto?, .tsb?:
      let kinds = Kind.allCases.filter { kind in
        (kind.name == name || (kind.isAccess && name == "AccessBindings"))
          && (apiVersion == kind.apiVersion || apiVersion == "\(kind.apiGroup).tsb.tetrate.io/v2"
            || (kind.apiGroup == "api" && apiVersion == "tsb.tetrate.io/v2"))
      }
      // Istio's Gateway has an apiVersion of its own.
      let own = kinds.filter { !$0.isRaw }
      return own.isEmpty ? kinds : own
    }
  }

  private func unknown(version: String, name: String) -> String {
    let base = "no kind '\(shown(name))' in '\(shown(version))'"
    let homes = Kind.allCases.filter { $0.name == name }.map { kind in
      kind.istioGroup.map { "\($0)/v1" } ?? kind.apiVersion
    }
    if !homes.isEmpty { return "\(base); it is in \(Set(homes).sorted().joined(separator: ", "))" }
    return base + didYouMean(name, of: Set(Kind.allCases.map(\.name)).sorted())
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
    if !kind.isRaw { members["namespace"] = nil }
    // There is only one of them, whatever it is called.
    if kind.isOnly { members["name"] = nil }
    if kind.isRaw, let parent = kind.parent, let name = members.removeValue(forKey: "group") {
      members[EnvelopeFields.key(of: parent, in: kind)] = name
    }
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
