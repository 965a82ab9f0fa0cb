import Documents
import FoundationEssentials
import Manifests
import Model

/// How objects look on the command line.
struct ObjectPrinter: Sendable {
  var format: OutputFormat
  var options: OutputOptions
  var now: Date
  /// Objects whose columns the table has to have, too.
  var companions: Set<ResourceRef> = []
  /// As wide as the columns of what was printed above.
  var leastWidths: [String: Int] = [:]

  init(_ options: OutputOptions, now: Date) {
    format = options.output
    self.options = options
    self.now = now
  }

  func text(of objects: [FoundObject]) throws -> String {
    switch format {
    case .table, .wide, .csv: return try options.text(of: table(of: objects))
    case .jsonpath(let path):
      return visible(path.text(of: .object(["items": .list(objects.map(\.document))]))) + "\n"
    case .name: return objects.map { "\($0.ref.shortText)\n" }.joined()
    case .json:
      return Document.object(["items": .list(objects.map(\.document))]).prettyJSON + "\n"
    case .yaml: return Manifests.yaml(objects.map { Self.manifest(of: $0.document) })
    }
  }

  /// JSON shows one object as itself and not as a list.
  func text(of object: FoundObject) throws -> String {
    switch format {
    case .json: object.document.prettyJSON + "\n"
    case .jsonpath(let path): visible(path.text(of: object.document)) + "\n"
    case .table, .wide, .csv, .yaml, .name: try text(of: [object])
    }
  }

  func print(_ objects: [FoundObject], to terminal: Terminal) throws {
    show(try text(of: objects), on: terminal)
  }

  func print(_ object: FoundObject, to terminal: Terminal) throws {
    show(try text(of: object), on: terminal)
  }

  private func show(_ text: String, on terminal: Terminal) {
    if format.isTable { terminal.text(text) } else { terminal.data(text) }
  }

  func table(of objects: [FoundObject]) -> Table {
    let refs = companions.union(objects.map(\.ref))
    let kinds = Set(refs.map(\.kind))
    if kinds == [.service] { return services(objects) }
    let depth = refs.map(\.names.count).max() ?? 1
    var headings = kinds.count > 1 ? ["KIND", "NAME"] : ["NAME"]
    let parents = ["TENANT", "WORKSPACE", "GROUP"].prefix(max(0, depth - 2))
    headings += parents + ["STATE", "REVISION", "AGE"]
    if format == .wide { headings += ["NO EFFECT YET", "DISPLAY NAME", "FQN"] }
    var table = Table(headings: headings)
    table.leastWidths = leastWidths
    for object in objects {
      let metadata = object.document["metadata"] ?? .null
      var row = kinds.count > 1 ? [object.ref.kind.rawValue, object.ref.name] : [object.ref.name]
      for level in parents.indices {
        // Other kinds have other parents: clusters, applications.
        let ancestors = object.ref.kind.ancestry.dropLast()
        let isThere =
          level + 1 < ancestors.count
          && (ancestors[level + 1].isGroup || [.tenant, .workspace].contains(ancestors[level + 1]))
        row.append(isThere ? object.ref.names[level + 1] : "-")
      }
      row += [
        object.document[["status", "state"]]?.string ?? "-", metadata["etag"]?.string ?? "-",
        age(of: metadata["createdAt"]?.string, at: now),
      ]
      if format == .wide {
        let idle = object.document[["status", "notYetEffective"]]?.list?.compactMap(\.string) ?? []
        row += [
          idle.isEmpty ? "-" : idle.joined(separator: ","), metadata["displayName"]?.string ?? "-",
          object.ref.fqn,
        ]
      }
      table.rows.append(row)
    }
    return table
  }

  /// What can be applied again: without what only the server says.
  static func manifest(of object: Document) -> Document {
    guard case .object(var members) = object else { return object }
    members["status"] = nil
    if case .object(var metadata)? = members["metadata"] {
      for key in ["fqn", "etag", "created", "createdAt", "updatedAt"] { metadata[key] = nil }
      members["metadata"] = .object(metadata)
    }
    return .object(members)
  }
}
