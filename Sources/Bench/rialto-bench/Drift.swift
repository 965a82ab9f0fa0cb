/// What a process held, again and again, whenever everything was back where it had been.
struct Drift: Sendable {
  struct Sample: Sendable {
    var hours: Double
    var megabytes: Double
    var descriptors: Int
  }

  private var samples: [Sample] = []

  mutating func add(_ sample: Sample) { samples.append(sample) }

  /// Without those of the first part of the time.
  private func settled(after share: Double) -> [Sample] {
    guard let first = samples.first, let last = samples.last else { return [] }
    let begin = first.hours + share * (last.hours - first.hours)
    return samples.filter { $0.hours >= begin }
  }

  /// The median of the slopes between all pairs: one collection or one spike more does not count.
  func megabytesPerHour(warmUp: Double) -> Double {
    let settled = settled(after: warmUp)
    var slopes: [Double] = []
    for (index, early) in settled.enumerated() {
      for late in settled.dropFirst(index + 1) where late.hours > early.hours {
        slopes.append((late.megabytes - early.megabytes) / (late.hours - early.hours))
      }
    }
    return slopes.sorted().middle ?? 0
  }

  /// From the median of the first half to that of the second.
  func descriptorsPerHour(warmUp: Double) -> Double {
    let settled = settled(after: warmUp)
    guard settled.count >= 4, let first = settled.first, let last = settled.last,
      let early = settled.prefix(settled.count / 2).map(\.descriptors).sorted().middle,
      let late = settled.suffix(settled.count / 2).map(\.descriptors).sorted().middle
    else { return 0 }
    return Double(late - early) / ((last.hours - first.hours) / 2)
  }

  var last: Sample? { samples.last }
}

extension Array {
  /// Of what is sorted; the lower of two.
  fileprivate var middle: Element? { isEmpty ? nil : self[(count - 1) / 2] }
}
