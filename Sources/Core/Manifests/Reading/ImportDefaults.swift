import Documents
package import Model

extension ManifestEntry {
  /// Whether it was written for Tetrate Service Bridge.
  package var isOfServiceBridge: Bool {
    manifest != nil && apiVersion.flatMap(Dialect.init) == .tsb
  }

  /// A setting of an organization that says nothing but what holds in Tetrate Service Bridge where
  /// nobody says otherwise.
  package init(defaultsOf organization: ResourceRef) {
    self.init(file: nil, diagnostics: [])
    kind = Kind.organizationSetting.name
    name = "imported"
    let ref = organization.child(.organizationSetting, "imported")
    manifest = Manifests.manifest(from: ["spec": [:]], at: ref).value
    fillDefaults()
  }

  /// Writes out in a setting of an organization what holds in Tetrate Service Bridge where nobody
  /// says otherwise, because other things hold here.
  package mutating func fillDefaults() {
    guard let manifest, manifest.ref.kind == .organizationSetting else { return }
    var document = manifest.document
    var report = Report(file: file, subject: manifest.ref.fqn)
    for (paths, value) in Self.defaults {
      guard !paths.contains(where: { document[["spec"] + $0] != nil }) else { continue }
      let path = ["spec"] + paths[0]
      document = document.setting(value, at: path[...])
      report.add(
        .converted, severity: .warning, at: path.reduce(FieldPath()) { $0 / $1 }, mark: mark,
        "\(value.string ?? "") is what holds there where nobody says otherwise; here it is written out"
      )
    }
    guard var filled = Manifests.manifest(from: document, at: manifest.ref).value else { return }
    filled.etag = manifest.etag
    filled.file = manifest.file
    filled.marks = manifest.marks
    self.manifest = filled
    diagnostics += report.diagnostics
  }

  /// Where it may be said, older spellings last, and what holds otherwise.
  private static let defaults: [(paths: [[String]], value: Document)] = [
    (
      [
        ["defaultSecuritySetting", "authenticationSettings", "trafficMode"],
        ["defaultSecuritySetting", "authentication"],
      ], "OPTIONAL"
    ),
    (
      [
        ["defaultTrafficSetting", "outbound", "reachability", "mode"],
        ["defaultTrafficSetting", "reachability", "mode"],
      ], "CLUSTER"
    ),
  ]
}

extension Document {
  fileprivate func setting(_ value: Document, at path: ArraySlice<String>) -> Document {
    guard let first = path.first else { return value }
    var members = object ?? [:]
    members[first] = (members[first] ?? .object([:])).setting(value, at: path.dropFirst())
    return .object(members)
  }
}
