import Documents

/// The four or sixteen bytes of an address in text.
/// - Throws: `CertificateAuthority.Problem.notAnAddress`.
func octets(of text: String) throws -> [UInt8] {
  if let four = IPv4Address(text)?.bytes ?? ipv6Octets(text) { return four }
  throw CertificateAuthority.Problem.notAnAddress(text)
}

/// Whether `text` is an IPv4 or IPv6 address rather than a name.
package func isAddress(_ text: String) -> Bool {
  IPv4Address(text) != nil || ipv6Octets(text) != nil
}

/// Whether a workload or gateway can be reached at it: dotted IPv4, and none of 0.0.0.0/8, multicast,
/// reserved (the virtual addresses) or broadcast.
package func isInstanceAddress(_ text: String) -> Bool {
  guard let first = IPv4Address(text)?.bytes.first else { return false }
  return (1..<224).contains(first)
}

private func ipv6Octets(_ text: String) -> [UInt8]? {
  let bytes = Array(text.utf8)
  guard bytes.count <= 39 else { return nil }
  let colon = UInt8(ascii: ":")
  var halves: [[UInt16]] = [[]]
  let groups = bytes.split(separator: colon, omittingEmptySubsequences: false)
  guard groups.count >= 3, groups.count <= 9 else { return nil }
  for (index, group) in groups.enumerated() {
    if group.isEmpty {
      let atEdge = index == 0 || index == groups.count - 1
      // A colon at either end is only ever half of `::`.
      if atEdge {
        let neighbour = index == 0 ? groups[1] : groups[groups.count - 2]
        guard neighbour.isEmpty else { return nil }
      } else {
        guard halves.count == 1 else { return nil }
        halves.append([])
      }
      continue
    }
    guard group.count <= 4, let value = UInt16(String(decoding: group, as: UTF8.self), radix: 16),
      group.first != UInt8(ascii: "+"), group.first != UInt8(ascii: "-")
    else { return nil }
    halves[halves.count - 1].append(value)
  }
  let written = halves.reduce(0) { $0 + $1.count }
  guard halves.count == 1 ? written == 8 : written < 8 else { return nil }
  let words =
    halves.count == 1
    ? halves[0] : halves[0] + Array(repeating: 0, count: 8 - written) + halves[1]
  return words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
}
