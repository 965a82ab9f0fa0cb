import Documents
import FoundationEssentials
import ManagementClient
import Manifests
import Model

/// Everything about one object, gathered from where the server keeps it.
struct Description: Sendable {
  private let ref: ResourceRef
  private let object: Document
  private let status: Document
  /// The newest changes of the object and of what is below it.
  private let changes: [Document]
  /// The change that wrote the object, with every proxy that it concerned; nil when it is too old.
  private let change: Document?
  /// What its selector selects now; nil when it has none.
  private let namespaces: Document?
  /// Where its service runs, and what else is about it; nil when it is about none.
  private let service: Document?
  private let references: [(path: FieldPath, ref: ResourceRef)]

  private static let listedChanges = 5
  private static let listedProxies = 20

  init(of ref: ResourceRef, _ client: ManagementClient) async throws {
    self.ref = ref
    let object = try await client.object(ref)
    // What is described is looked at, not applied again.
    self.object = Manifests.masked(object, of: ref.kind)
    // Nothing has to be done with what is observed.
    let status: Document = ref.kind.isObserved ? [:] : try await client.status(of: ref)
    self.status = status
    changes = try await client.changes(limit: Self.listedChanges, of: ref)
    change = try await Self.found {
      guard let revision = status["revision"]?.integer, revision > 0 else { return nil }
      return try await client.change(revision)
    }
    let revision = Revision(status["revision"]?.integer ?? 0)
    let resource = Manifests.resource(
      from: ObjectPrinter.manifest(of: object), ref: ref, revision: revision, created: revision
    ).value
    references = resource.map(Manifests.references(of:)) ?? []
    namespaces = try await Self.found {
      guard let terms = resource?.namespaceSelector?.terms, !terms.isEmpty else { return nil }
      return try await client.namespaces(
        selectedBy: terms.map { "\($0.cluster ?? "*")/\($0.namespace)" })
    }
    service = try await Self.found {
      if ref.kind == .service { return try await client.lookup(service: ref.fqn) }
      guard case .serviceRoute(let route)? = resource?.spec else { return nil }
      return try await client.lookup(service: "\(route.service.namespace)/\(route.service.name)")
    }
  }

  /// nil where the server knows nothing, or the caller may not know.
  private static func found(_ ask: () async throws -> Document?) async throws -> Document? {
    do { return try await ask() } catch ClientError.refused(let problem)
      where [403, 404].contains(problem.status)
    { return nil }
  }

  // MARK: Text

  func text(at now: Date) -> String {
    head(at: now) + "\nspec:\n" + indented(Manifests.yaml(object["spec"] ?? [:]))
      + warnings + clustersText(status["clusters"]?.list ?? []) + proxies + selected + about
      + refersTo + below + events(at: now) + history(at: now)
  }

  private func head(at now: Date) -> String {
    let metadata = object["metadata"] ?? .null
    var rows = [["name", ref.name], ["kind", ref.kind.name], ["fqn", ref.fqn]]
    if !ref.kind.isObserved { rows += written(metadata, at: now) }
    for (word, key) in [("display name", "displayName"), ("description", "description")] {
      if let text = metadata[key]?.string, !text.isEmpty { rows.append([word, text]) }
    }
    let labels = (metadata["labels"]?.object ?? [:]).compactMapValues(\.string)
    if !labels.isEmpty {
      rows.append([
        "labels", labels.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ","),
      ])
    }
    var table = Table(headings: ["", ""])
    table.rows = rows
    return table.text(hidesHeadings: true)
  }

  /// What there is of objects that somebody has written.
  private func written(_ metadata: Document, at now: Date) -> [[String]] {
    [
      ["state", status["state"]?.string ?? "-"],
      [
        "revision",
        "\(metadata["etag"]?.string ?? "-"), "
          + "\(age(of: metadata["updatedAt"]?.string, at: now)) ago"
          + (changes.first?["actor"]?.string.map { " (last change by \($0))" } ?? ""),
      ],
      [
        "created",
        "at revision \(number(metadata["created"])), "
          + "\(age(of: metadata["createdAt"]?.string, at: now)) ago",
      ],
    ]
  }

  private var warnings: String {
    let problems = (status["problems"]?.list ?? []).map { problem in
      let path = problem["path"]?.string.map { "\($0): " } ?? ""
      let code = problem["code"]?.string.map { " (\($0))" } ?? ""
      return "! \(path)\(problem["detail"]?.string ?? "-")\(code)"
    }
    let idle = (status["notYetEffective"]?.list ?? []).compactMap(\.string).map {
      "! \($0) is understood and kept, and changes nothing yet"
    }
    return section("warnings", problems + idle)
  }

  private var proxies: String {
    var table = Table(headings: ["PROXY", "CLUSTER", "SERVICE", "STATE"])
    for cluster in change?[["propagation", "clusters"]]?.list ?? [] {
      for proxy in cluster["proxies"]?.list ?? [] {
        table.rows.append([
          proxy["nodeID"]?.string ?? "-", cluster["cluster"]?.string ?? "-",
          "\(proxy["namespace"]?.string ?? "-")/\(proxy["service"]?.string ?? "-")",
          proxy["state"]?.string ?? "-",
        ])
      }
    }
    let more = table.rows.count - Self.listedProxies
    table.rows = Array(table.rows.prefix(Self.listedProxies))
    guard !table.rows.isEmpty else { return "" }
    return "\n" + table.text(hidesHeadings: false) + (more > 0 ? "and \(more) more\n" : "")
  }

  private var selected: String {
    guard let namespaces else { return "" }
    var table = Table(headings: ["NAMESPACE", "CLUSTER", "SERVICES", "OWNER"])
    table.rows = (namespaces["items"]?.list ?? []).map { item in
      [
        item["namespace"]?.string ?? "-", item["cluster"]?.string ?? "-",
        Self.listed(item["services"]),
        Self.listed(item["owners"]) { ResourceRef(fqn: $0)?.shortText ?? $0 },
      ]
    }
    return table.rows.isEmpty
      ? "\nno namespace with a service is selected now\n" : "\n" + table.text(hidesHeadings: false)
  }

  private static func listed(
    _ list: Document?, _ text: (String) -> String = { $0 }
  ) -> String {
    let words = (list?.list ?? []).compactMap(\.string).map(text)
    let more = words.count - 5
    return words.isEmpty
      ? "-" : words.prefix(5).joined(separator: ",") + (more > 0 ? " and \(more) more" : "")
  }

  private var about: String {
    guard let service else { return "" }
    let name = service["service"]?.string ?? "-"
    let others = (service["items"]?.list ?? []).compactMap { $0["fqn"]?.string }
      .filter { $0 != ref.fqn }
    return section(
      "service \(name)",
      ["runs in \(Self.listed(service["clusters"]))"]
        + others.map { "is configured by \($0)" })
  }

  private var refersTo: String {
    section("refers to", references.map { "\($0.path.text): \($0.ref.fqn)" })
  }

  private var below: String {
    let tree = status["aggregated"] ?? .null
    let counts = (tree["counts"]?.object ?? [:]).compactMapValues(\.integer).filter { $0.value > 0 }
    let unready = (tree["children"]?.list ?? []).filter { $0["state"]?.string != "READY" }
    guard !counts.isEmpty, !(tree["children"]?.list ?? []).isEmpty else { return "" }
    return section(
      "with all below it",
      [counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")]
        + unready.prefix(10).map { child in
          "! \(child["fqn"]?.string ?? "-") is \(child["state"]?.string ?? "-")"
            + (child["message"]?.string.map { ": \($0)" } ?? "")
        })
  }

  private func events(at now: Date) -> String {
    var table = Table(headings: ["AGE", "EVENT", "CLUSTER", "MESSAGE"])
    table.rows = (status["events"]?.list ?? []).map { event in
      [
        age(of: event["at"]?.string, at: now), event["type"]?.string ?? "-",
        event["cluster"]?.string ?? "-", event["message"]?.string ?? "-",
      ]
    }
    return table.rows.isEmpty ? "" : "\n" + table.text(hidesHeadings: false)
  }

  private func history(at now: Date) -> String {
    guard !changes.isEmpty else { return "" }
    return "\n" + ChangesCommand.table(changes, at: now).text(hidesHeadings: false)
  }

  private func section(_ heading: String, _ lines: [String]) -> String {
    lines.isEmpty
      ? "" : "\n\(visible(heading)):\n" + indented(lines.map(visible).joined(separator: "\n"))
  }

  private func indented(_ text: String) -> String {
    text.split(separator: "\n").map { "  \($0)\n" }.joined()
  }

  // MARK: Document

  var document: Document {
    var members: [String: Document] = [
      "object": object, "status": status, "changes": .list(changes),
      "references": .list(
        references.map { ["path": .string($0.path.text), "fqn": .string($0.ref.fqn)] }),
    ]
    members["change"] = change
    members["selected"] = namespaces
    members["service"] = service
    return .object(members)
  }
}
