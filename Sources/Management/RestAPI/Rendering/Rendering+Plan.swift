import Blueprints
import Documents
import Operations
import Planner

extension Rendering {
  static func plan(_ plan: MeshPlan) -> Document {
    [
      "proxies": .integer(Int64(plan.clusters.reduce(0) { $0 + $1.proxies })),
      "problems": .list(plan.problems.map(\.document)),
      "clusters": .list(plan.clusters.map(cluster)),
    ]
  }

  private static func cluster(_ cluster: MeshPlan.Cluster) -> Document {
    var members: [String: Document] = [
      "cluster": .string(cluster.cluster), "proxies": .integer(Int64(cluster.proxies)),
      "items": .list(
        cluster.items.map { item in
          [
            "item": .string(item.key.text), "action": action(item.before, item.after),
            "objects": .list(item.objects.map(Document.string)),
            "diff": difference(from: item.before, to: item.after),
          ]
        }),
      "groups": .list(
        cluster.groups.map { group in
          [
            "nodeIDs": .list(group.nodeIDs.map(Document.string)),
            "resources": .list(group.resources.map(resource)),
          ]
        }),
    ]
    members["leftOut"] = cluster.leftOut.map(Document.string)
    return .object(members)
  }

  private static func resource(_ resource: MeshPlan.Resource) -> Document {
    [
      "type": .string(resource.type), "name": .string(resource.name),
      "action": action(resource.before, resource.after),
      "diff": difference(from: resource.before, to: resource.after),
    ]
  }

  private static func action(_ before: Document?, _ after: Document?) -> Document {
    before == nil ? "add" : after == nil ? "remove" : "change"
  }
}
