/// How far the generations of this cluster have come among its proxies.
///
/// Times are microseconds on the owner's clock. A generation counts the proxies whose resources it
/// changed; they were told, acknowledged or refused. One that leaves before it answers counts no more.
package struct Propagation: Sendable {
  package enum Progress: Hashable, Sendable { case waiting, told, acknowledged, rejected }

  package struct Record: Hashable, Sendable {
    package var generation: Int64
    /// The step with which it was published.
    package var step: Int64
    package var arrived: Int64
    /// Zero until then.
    package var stored: Int64 = 0
    package var translated: Int64
    package var told: Int64 = 0
    package var acknowledged: Int64 = 0
    package var proxies: [String: Progress]

    package init(
      generation: Int64, step: Int64, arrived: Int64, translated: Int64,
      proxies: [String: Progress]
    ) {
      self.generation = generation
      self.step = step
      self.arrived = arrived
      self.translated = translated
      self.proxies = proxies
    }

    package func count(_ progress: Progress) -> Int {
      proxies.values.count { $0 == progress }
    }

    package var isComplete: Bool {
      proxies.values.allSatisfy { $0 == .acknowledged || $0 == .rejected }
    }
  }

  /// Older ones are dropped, answered or not.
  package static let maximumRecords = 256

  private var records: [Record] = []

  package init() {}

  package mutating func begin(_ record: Record) {
    records.removeAll { $0.isComplete && $0.generation != record.generation }
    records.append(record)
    if records.count > Self.maximumRecords { records.removeFirst() }
  }

  package mutating func stored(_ generation: Int64, at now: Int64) {
    for index in records.indices where records[index].generation == generation {
      records[index].stored = max(1, now - records[index].arrived)
    }
  }

  /// The generations whose numbers changed.
  package mutating func told(_ nodeID: String, step: Int64, at now: Int64) -> [Int64] {
    update(upTo: step, nodeID) { record, progress in
      guard progress == .waiting else { return progress }
      record.told = max(0, now - record.arrived)
      return .told
    }
  }

  package mutating func settled(_ nodeID: String, step: Int64, at now: Int64) -> [Int64] {
    update(upTo: step, nodeID) { record, progress in
      guard progress == .waiting || progress == .told else { return progress }
      if progress == .waiting { record.told = max(0, now - record.arrived) }
      record.acknowledged = max(0, now - record.arrived)
      return .acknowledged
    }
  }

  /// A proxy refused something of what it has been told and not acknowledged yet.
  package mutating func rejected(_ nodeID: String) -> [Int64] {
    update(upTo: .max, nodeID) { _, progress in progress == .told ? .rejected : progress }
  }

  package mutating func left(_ nodeID: String) -> [Int64] {
    update(upTo: .max, nodeID) { _, progress in
      progress == .acknowledged || progress == .rejected ? progress : nil
    }
  }

  package subscript(generation: Int64) -> Record? {
    records.last { $0.generation == generation }
  }

  package var generations: [Int64] { records.map(\.generation) }

  private mutating func update(
    upTo step: Int64, _ nodeID: String, _ change: (inout Record, Progress) -> Progress?
  ) -> [Int64] {
    var changed: [Int64] = []
    for index in records.indices where records[index].step <= step {
      guard let before = records[index].proxies[nodeID] else { continue }
      let after = change(&records[index], before)
      guard after != before else { continue }
      records[index].proxies[nodeID] = after
      changed.append(records[index].generation)
    }
    return changed
  }
}
