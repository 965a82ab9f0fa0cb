import Blueprints
import Model

/// The whole milliseconds of a duration, rounded up, within what an `Int` and a reader can bear.
func milliseconds(_ duration: Duration) -> Int {
  let (seconds, attoseconds) = duration.components
  guard seconds >= 0, attoseconds >= 0 else { return 0 }
  // Ten years: longer is no limit at all, and stays far from an overflow.
  let whole = min(seconds, 315_360_000) * 1_000
  let perMillisecond: Int64 = 1_000_000_000_000_000
  return Int(whole + (attoseconds + perMillisecond - 1) / perMillisecond)
}

/// Weights scaled so that they add up to 100, by largest remainder, the first of equals first; nil
/// when none is above 0.
func normalized(weights: [Int]) -> [Int]? {
  let given = weights.map { min(max($0, 0), 1_000_000) }
  let total = given.reduce(0, +)
  guard total > 0 else { return nil }
  var scaled = given.map { $0 * 100 / total }
  let byRemainder = given.indices.sorted { left, right in
    let remainders = (given[left] * 100 % total, given[right] * 100 % total)
    return remainders.0 != remainders.1 ? remainders.0 > remainders.1 : left < right
  }
  for index in byRemainder.prefix(100 - scaled.reduce(0, +)) { scaled[index] += 1 }
  return scaled
}

extension TextMatch {
  init(_ match: StringMatch) {
    switch match {
    case .exact(let text): self = .exact(text: text)
    case .prefix(let text): self = .prefix(text: text)
    case .regex(let pattern): self = .regex(pattern: pattern)
    }
  }
}

extension RequestMatch {
  init(_ match: HTTPMatch) {
    self.init(
      path: match.uri.map { TextMatch($0) },
      headers: match.headers.sorted { $0.key < $1.key }.map {
        HeaderMatch(name: $0.key, value: TextMatch($0.value))
      },
      port: match.port)
  }
}

extension [String: String] {
  func includes(_ other: [String: String]) -> Bool {
    other.allSatisfy { self[$0.key] == $0.value }
  }
}

extension WorkloadSelector {
  func selects(_ gateway: ObservedGateway) -> Bool {
    namespace == gateway.namespace && gateway.labels.includes(labels)
  }
}

extension Resource {
  var source: Source { Source(fqn: ref.fqn, revision: revision.number) }

  /// Whether this object was there first; decides where two contend.
  func precedes(_ other: Resource) -> Bool {
    if created != other.created { return created < other.created }
    return ref.fqn.utf8.lexicographicallyPrecedes(other.ref.fqn.utf8)
  }
}
