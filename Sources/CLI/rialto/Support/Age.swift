import FoundationEssentials

/// How long ago something was, in one unit: `3m`, `12d`; what cannot be read is `-`.
func age(of time: String?, at now: Date) -> String {
  guard let time, let date = try? Date(time, strategy: .iso8601WithFractions) else { return "-" }
  return age(seconds: now.timeIntervalSince(date))
}

private func age(seconds: Double) -> String {
  let seconds = max(0, seconds)
  let units: [(limit: Double, divisor: Double, name: String)] = [
    (120, 1, "s"), (7_200, 60, "m"), (172_800, 3_600, "h"), (.infinity, 86_400, "d"),
  ]
  let unit = units.first { seconds < $0.limit }
  guard let unit, let number = Int(exactly: (seconds / unit.divisor).rounded(.down)) else {
    return "-"
  }
  return "\(number)\(unit.name)"
}

extension ParseStrategy where Self == Date.ISO8601FormatStyle {
  /// `2026-11-25T20:00:00.000Z`, as the server writes times.
  fileprivate static var iso8601WithFractions: Self {
    Date.ISO8601FormatStyle(includingFractionalSeconds: true)
  }
}
