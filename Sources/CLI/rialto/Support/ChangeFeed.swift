import Documents
import ManagementClient
import Model

/// One thing that happened to an object.
struct ChangeEvent: Hashable, Sendable {
  enum Action: String, Sendable {
    case created, updated, deleted
    /// In force wherever it should be.
    case complete
    /// An Envoy refuses a part of it.
    case rejected
  }

  var revision: Int64
  var action: Action
  /// The objects; several when a change of several has come to its end.
  var refs: [ResourceRef]
  /// `10:02:11`, of the change.
  var time = "-"
  /// By whom, after how long, or why not.
  var detail: String
  var more: [String: Document] = [:]

  var name: String { refs.map(\.shortText).joined(separator: ",") }
  var place: String { refs.map(\.fqn).joined(separator: ",") }

  var document: Document {
    var members = more
    members["revision"] = .integer(revision)
    members["action"] = .string(action.rawValue)
    members["objects"] = .list(refs.map { .string($0.fqn) })
    return .object(members)
  }
}

/// Picks what is of interest from the events of the mesh: a value without I/O.
struct ChangeFeed: Sendable {
  private let isWanted: @Sendable (ResourceRef) -> Bool
  private var revision: Int64
  /// Changes that have not come to their end, with the objects of interest in them.
  private var pending: [Int64: (refs: [ResourceRef], time: String)] = [:]

  init(after revision: Int64, _ isWanted: @escaping @Sendable (ResourceRef) -> Bool) {
    self.revision = revision
    self.isWanted = isWanted
  }

  /// The revision of a change that was not heard of yet and has objects of interest.
  mutating func interesting(_ event: ServerEvent) -> Int64? {
    guard event.name == "change", let number = event.data["revision"]?.integer,
      number > revision
    else { return nil }
    revision = number
    return refs(in: event.data).contains { isWanted($0.ref) } ? number : nil
  }

  private func refs(in change: Document) -> [(ref: ResourceRef, object: Document)] {
    (change["objects"]?.list ?? []).compactMap { object in
      object["fqn"]?.string.flatMap { ResourceRef(fqn: $0) }.map { ($0, object) }
    }
  }

  /// - Parameter change: the whole of it, as `GET /v2/changes/{revision}` answers.
  mutating func written(_ change: Document) -> [ChangeEvent] {
    let number = change["revision"]?.integer ?? 0
    let committed = change["committedAt"]?.string ?? ""
    let wanted = refs(in: change).filter { isWanted($0.ref) }
    pending[number] = (wanted.map(\.ref), Self.clock(committed))
    return wanted.map { ref, object in
      var more: [String: Document] = [:]
      for key in ["before", "after", "diff"] { more[key] = object[key] }
      more["committedAt"] = change["committedAt"]
      more["actor"] = change["actor"]
      return ChangeEvent(
        revision: number,
        action: object["action"]?.string.flatMap(ChangeEvent.Action.init) ?? .updated, refs: [ref],
        time: Self.clock(committed), detail: "by \(change["actor"]?.string ?? "-")", more: more)
    } + end(of: number, change["propagation"])
  }

  mutating func progress(_ event: ServerEvent) -> [ChangeEvent] {
    guard event.name == "propagation", let number = event.data["revision"]?.integer else {
      return []
    }
    return end(of: number, event.data)
  }

  private mutating func end(of number: Int64, _ propagation: Document?) -> [ChangeEvent] {
    guard let propagation, let (refs, time) = pending[number] else { return [] }
    let clusters = propagation["clusters"]?.list ?? []
    let rejections = clusters.flatMap { cluster in
      (cluster["rejections"]?.list ?? []).map { rejection in
        "\(cluster["cluster"]?.string ?? "-"): \(rejection["resourceName"]?.string ?? "-"): "
          + (rejection["reason"]?.string ?? "-")
      }
    }
    let more: [String: Document] = ["propagation": propagation]
    guard rejections.isEmpty else {
      pending[number] = nil
      return [
        ChangeEvent(
          revision: number, action: .rejected, refs: refs, time: time,
          detail: rejections.joined(separator: "; "), more: more)
      ]
    }
    guard propagation["isComplete"]?.bool == true else { return [] }
    pending[number] = nil
    let slowest = clusters.compactMap { $0[["stages", "completed"]]?.integer }.max()
    return [
      ChangeEvent(
        revision: number, action: .complete, refs: refs, time: time,
        detail: slowest.map { "after \(milliseconds(.integer($0)))" } ?? "concerns no proxy",
        more: more)
    ]
  }

  /// `10:02:11` of `2026-11-25T10:02:11.000Z`.
  private static func clock(_ time: String) -> String {
    let parts = time.split(separator: "T")
    return parts.count == 2 ? String(parts[1].prefix(8)) : "-"
  }
}
