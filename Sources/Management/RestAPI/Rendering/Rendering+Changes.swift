import Documents
import Manifests
import Model
import Operations
import Publication
import Storage

extension Rendering {
  /// A change with how far it has come.
  static func change(_ followed: Operations.FollowedChange) -> Document {
    var members = summary(followed.change).object ?? [:]
    members["propagation"] = propagation(followed.propagation)
    return .object(members)
  }

  /// The same with what every object was before and is after, and every proxy that it concerned.
  static func fullChange(
    _ followed: Operations.FollowedChange, proxies: [(cluster: String, proxy: ProxyState)]
  ) -> Document {
    var members = summary(followed.change, full: true).object ?? [:]
    members["propagation"] = propagation(followed.propagation, proxies: proxies)
    return .object(members)
  }

  static func summary(_ change: StoredChange, full: Bool = false) -> Document {
    [
      "revision": .integer(change.revision.number), "committedAt": time(change.committedAt),
      "actor": .string(change.actor),
      "objects": .list(
        change.steps.map { step in
          var members: [String: Document] = [
            "fqn": .string(step.ref.fqn), "kind": .string(step.ref.kind.name),
            "action": .string(
              step.before == nil ? "created" : step.after == nil ? "deleted" : "updated"),
          ]
          if full {
            members.merge(Self.step(of: step.ref, from: step.before, to: step.after)) { $1 }
          }
          return .object(members)
        }),
    ]
  }

  /// What an object was, is, and in what that differs, without secrets: that one of them differs is
  /// said, and no more.
  static func step(
    of ref: ResourceRef, from before: Document?, to after: Document?
  ) -> [String: Document] {
    [
      "before": before.map { Manifests.masked($0, of: ref.kind) } ?? .null,
      "after": after.map { Manifests.masked($0, of: ref.kind) } ?? .null,
      "diff": difference(from: before, to: after) { value, path in
        Manifests.masked(value, at: path, of: ref.kind)
      },
    ]
  }

  /// What turns one into the other, as a JSON patch (RFC 6902) with what was there before.
  ///
  /// - Parameter shown: what is shown of a value at a path.
  static func difference(
    from before: Document?, to after: Document?,
    _ shown: (Document, FieldPath) -> Document = { value, _ in value }
  ) -> Document {
    let whole = FieldPath()
    let changes =
      switch (before, after) {
      case (let before?, let after?): after.changes(from: before)
      case (nil, nil): [DocumentChange]()
      default: [DocumentChange(path: whole, before: before, after: after)]
      }
    return .list(
      changes.map { change in
        var members: [String: Document] = [
          "op": .string(
            change.before == nil ? "add" : change.after == nil ? "remove" : "replace"),
          "path": .string(change.path.pointer),
        ]
        members["before"] = change.before.map { shown($0, change.path) }
        members["value"] = change.after.map { shown($0, change.path) }
        return .object(members)
      })
  }

  /// - Parameter proxies: nil leaves out who they are.
  static func propagation(
    _ propagation: RevisionPropagation, proxies: [(cluster: String, proxy: ProxyState)]? = nil
  ) -> Document {
    var members: [String: Document] = [
      "revision": .integer(propagation.revision), "isCompiled": .bool(propagation.isCompiled),
      "isComplete": .bool(propagation.isComplete),
      "clusters": .list(
        propagation.clusters.map { row in
          guard let proxies else { return cluster(row) }
          var members = cluster(row).object ?? [:]
          members["proxies"] = .list(
            concerned(by: row, proxies.filter { $0.cluster == row.cluster }.map(\.proxy)))
          return .object(members)
        }),
    ]
    members["compiledAfterMicroseconds"] = propagation.compiledAfter.map(Document.integer)
    return .object(members)
  }

  /// The proxies that were sent something since this generation, the slowest first.
  private static func concerned(
    by row: ClusterPropagation, _ proxies: [ProxyState]
  ) -> [Document] {
    let refusing = Set(row.rejections.flatMap(\.nodeIDs))
    return proxies.filter { $0.toldGeneration >= row.generation }.sorted {
      ($0.acknowledgedGeneration, $0.nodeID) < ($1.acknowledgedGeneration, $1.nodeID)
    }.map { proxy in
      let state =
        refusing.contains(proxy.nodeID)
        ? "rejected"
        : proxy.acknowledgedGeneration >= row.generation
          ? "acknowledged" : proxy.connected ? "waiting" : "away"
      return [
        "nodeID": .string(proxy.nodeID), "namespace": .string(proxy.namespace),
        "service": .string(proxy.service), "state": .string(state),
        "toldGeneration": .integer(proxy.toldGeneration),
        "acknowledgedGeneration": .integer(proxy.acknowledgedGeneration),
      ]
    }
  }
}
