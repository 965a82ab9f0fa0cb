/// The duration that a text such as `10s`, `1.5s` or `250ms` stands for: digits, perhaps a fraction,
/// one unit; at most a year. nil when it is something else.
func duration(from text: String) -> Duration? {
  let bytes = Array(text.utf8)
  let unitStart = bytes.firstIndex { !isDigit($0) && $0 != UInt8(ascii: ".") } ?? bytes.endIndex
  let unit = String(decoding: bytes[unitStart...], as: UTF8.self)
  guard let nanosecondsPerUnit = nanoseconds(per: unit) else { return nil }
  let parts = bytes[..<unitStart].split(
    separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  guard let whole = parts.first, (1...12).contains(whole.count), parts.count <= 2,
    let number = Int64(String(decoding: whole, as: UTF8.self))
  else { return nil }
  let (product, overflow) = number.multipliedReportingOverflow(by: nanosecondsPerUnit)
  guard !overflow else { return nil }
  var total = product
  if parts.count == 2 {
    guard (1...9).contains(parts[1].count) else { return nil }
    var place = nanosecondsPerUnit
    for digit in parts[1] {
      guard place.isMultiple(of: 10) else { return nil }
      place /= 10
      let (sum, overflow) = total.addingReportingOverflow(
        Int64(digit - UInt8(ascii: "0")) * place)
      guard !overflow else { return nil }
      total = sum
    }
  }
  let year: Int64 = 366 * 86_400 * 1_000_000_000
  return total <= year ? .nanoseconds(total) : nil
}

private func nanoseconds(per unit: String) -> Int64? {
  switch unit {
  case "ns": 1
  case "us": 1_000
  case "ms": 1_000_000
  case "s": 1_000_000_000
  case "m": 60_000_000_000
  case "h": 3_600_000_000_000
  default: nil
  }
}
