import Documents
import Model

/// What one proxy was told, resource by resource, with the objects that each comes from.
struct ProxyConfigurationTable: Sendable {
  let isWide: Bool
  /// The beginning of a type's last word, in any case; nil: all.
  var type: String?

  init(isWide: Bool) { self.isWide = isWide }

  func table(of configuration: Document) -> Table {
    var table = Table(headings: ["TYPE", "NAME", "STATE", "FROM"])
    if isWide { table.headings.insert(contentsOf: ["VERSION", "BYTES"], at: 3) }
    for resource in configuration["resources"]?.list ?? [] {
      let type = Self.shortType(resource["type"]?.string ?? "-")
      if let wanted = self.type, !Self.isMeant(type, by: wanted) { continue }
      var row = [
        type, resource["name"]?.string ?? "-", resource["state"]?.string ?? "-", from(resource),
      ]
      if isWide {
        row.insert(
          contentsOf: [resource["version"]?.string ?? "-", number(resource["bytes"])], at: 3)
      }
      table.rows.append(row)
    }
    return table
  }

  /// `Cluster`.
  private static func shortType(_ url: String) -> String {
    url.utf8.lastIndex(of: UInt8(ascii: ".")).map { String(url[url.index(after: $0)...]) } ?? url
  }

  /// istioctl's words: `endpoint` is a ClusterLoadAssignment, which a cluster is not.
  private static func isMeant(_ type: String, by word: String) -> Bool {
    let word = word.lowercased()
    switch word {
    case "cluster", "clusters", "cds": return type == "Cluster"
    case "endpoint", "endpoints", "eds": return type == "ClusterLoadAssignment"
    case "listener", "listeners", "lds": return type == "Listener"
    case "route", "routes", "rds": return type.hasSuffix("RouteConfiguration")
    case "secret", "secrets", "sds": return type == "Secret"
    default: return type.lowercased().hasPrefix(word)
    }
  }

  /// `serviceroute/orders@4, trafficgroup/traffic@2`: the newest first, and of equally old ones that
  /// which says most, because a narrow table ends with "and 3 more".
  private func from(_ resource: Document) -> String {
    let items = resource["from"]?.list ?? []
    let sources = Set(items.flatMap { $0["sources"]?.list ?? [] }.map(Source.init)).sorted()
    let names = sources.isEmpty ? items.compactMap { $0["item"]?.string } : sources.map(\.text)
    return names.isEmpty ? "-" : Self.listed(names, limit: isWide ? .max : 3)
  }

  private struct Source: Hashable, Comparable {
    let fqn: String
    let revision: Int64

    init(_ document: Document) {
      fqn = document["fqn"]?.string ?? "-"
      revision = document["revision"]?.integer ?? 0
    }

    var text: String { "\(ResourceRef(fqn: fqn)?.shortText ?? fqn)@\(revision)" }

    private var depth: Int { fqn.utf8.count { $0 == UInt8(ascii: "/") } }

    static func < (one: Source, other: Source) -> Bool {
      (-one.revision, -one.depth, one.fqn) < (-other.revision, -other.depth, other.fqn)
    }
  }

  private static func listed(_ names: [String], limit: Int) -> String {
    let rest = names.count - min(names.count, limit)
    return names.prefix(limit).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }

  /// What was left out so that the rest could go out.
  static func quarantined(in configuration: Document) -> String {
    (configuration["quarantined"]?.list ?? []).map { item in
      visible(
        "left out: \(item["item"]?.string ?? "-"), because this Envoy refuses "
          + "\(item["resourceName"]?.string ?? "-"): \(item["reason"]?.string ?? "-")") + "\n"
    }.joined()
  }
}
