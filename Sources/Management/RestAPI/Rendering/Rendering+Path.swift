import Blueprints
import Compiler
import Documents
import Model
import Operations

extension Rendering {
  static func path(_ answer: PathAnswer) -> Document {
    var members: [String: Document] = [
      "from": end(answer.from), "to": end(answer.to), "routes": .list(answer.routes.map(route)),
    ]
    if let reach = answer.reach {
      members["reach"] = [
        "verdict": .string(reach.verdict.rawValue),
        "clusters": .list(reach.clusters.map(Document.string)),
        "reasons": .list(reach.reasons.map(Document.string)),
      ]
    }
    return .object(members)
  }

  private static func end(_ end: PathEnd) -> Document {
    var members: [String: Document] = [:]
    members["cluster"] = end.cluster.map(Document.string)
    members["service"] = end.service.map { .string("\($0.name).\($0.namespace)") }
    return .object(members)
  }

  private static func route(_ route: PathRoute) -> Document {
    var edges: [String] = []
    if case .edge(let clusters) = route.path { edges = clusters }
    return [
      "cluster": .string(route.cluster), "path": .string(word(route.path)),
      "edges": .list(edges.map(Document.string)), "hops": .list(route.hops.map(hop)),
      "reasons": .list(route.reasons.map(Document.string)),
    ]
  }

  private static func word(_ path: PathExplanation.Path) -> String {
    switch path {
    case .within: "within"
    case .direct: "direct"
    case .edge: "edge"
    case .none: "none"
    }
  }

  private static func hop(_ hop: PathHop) -> Document {
    [
      "kind": .string(hop.kind.rawValue), "cluster": .string(hop.cluster),
      "names": .list(hop.names.map(Document.string)),
      "gateways": .list(
        hop.gateways.map { gateway in
          [
            "address": .string(gateway.address), "port": .integer(Int64(gateway.port)),
            "healthy": .bool(gateway.healthy),
          ]
        }),
    ]
  }
}
