import Documents
import Manifests
import Model
import Operations
import Publication
import Storage

extension Rendering {
  static func status(_ status: ObjectStatus, of object: StoredObject) -> Document {
    [
      "fqn": .string(object.ref.fqn), "revision": .integer(object.revision.number),
      "committedAt": time(object.updatedAt), "state": .string(status.state.rawValue),
      "clusters": .list(status.clusters.map(cluster)),
      "problems": .list(status.problems.map(\.document)),
      "notYetEffective": .list(
        Manifests.notYetEffective(in: object.manifest, of: object.ref.kind).map {
          .string($0.text)
        }),
    ]
  }

  /// With what is below the object, and what has happened since it was written.
  static func status(
    _ status: ObjectStatus, of object: StoredObject, tree: StatusTree
  ) -> Document {
    var members = self.status(status, of: object).object ?? [:]
    members["events"] = .list(events(of: status, committedAt: object.updatedAt))
    members["aggregated"] = [
      "state": .string(tree.state.rawValue),
      "counts": .object(
        Dictionary(
          uniqueKeysWithValues: tree.counts.map { ($0.key.rawValue, .integer(Int64($0.value))) })),
      "children": .list(
        tree.children.map { child in
          var members: [String: Document] = [
            "fqn": .string(child.ref.fqn), "state": .string(child.state.rawValue),
          ]
          members["message"] = child.message.map(Document.string)
          return .object(members)
        }),
    ]
    return .object(members)
  }

  /// In the order in which they happened.
  private static func events(of status: ObjectStatus, committedAt: Int64) -> [Document] {
    var events: [(after: Int64, event: Document)] = []
    func add(_ type: String, _ after: Int64?, _ more: [String: Document] = [:]) {
      guard let after else { return }
      var members = more
      members["type"] = .string(type)
      members["at"] = time(committedAt + after / 1_000)
      members["afterMicroseconds"] = .integer(after)
      events.append((after, .object(members)))
    }
    add("ACCEPTED", 0)
    for row in status.clusters {
      let place: [String: Document] = ["cluster": .string(row.cluster)]
      add("COMPILED", row.stages.compiled, place)
      add("SENT", row.stages.sent, place)
      add("STORED", row.stages.stored, place)
      guard let completed = row.stages.completed else { continue }
      if row.rejections.isEmpty {
        add("APPLIED", completed, place)
      } else {
        for rejection in row.rejections {
          add("REJECTED", completed, place.merging(["message": .string(rejection.reason)]) { $1 })
        }
      }
    }
    return events.sorted { $0.after < $1.after }.map(\.event)
  }

  static func cluster(_ propagation: ClusterPropagation) -> Document {
    [
      "cluster": .string(propagation.cluster), "connected": .bool(propagation.connected),
      "generation": .integer(propagation.generation),
      "state": .string(propagation.state.rawValue), "told": .integer(Int64(propagation.told)),
      "acknowledged": .integer(Int64(propagation.acknowledged)),
      "rejected": .integer(Int64(propagation.rejected)),
      "rejections": .list(
        propagation.rejections.map { rejection((propagation.cluster, $0)) }),
      "stages": stages(propagation.stages),
    ]
  }

  /// Microseconds.
  private static func stages(_ times: StageTimes) -> Document {
    let all: [(String, Int64?)] = [
      ("compiled", times.compiled), ("sent", times.sent), ("stored", times.stored),
      ("completed", times.completed), ("storedAfter", times.storedAfter),
      ("translatedAfter", times.translatedAfter), ("toldAfter", times.toldAfter),
      ("acknowledgedAfter", times.acknowledgedAfter),
    ]
    return .object(
      Dictionary(
        uniqueKeysWithValues: all.compactMap { name, time in
          time.map { (name, .integer($0)) }
        }))
  }
}
