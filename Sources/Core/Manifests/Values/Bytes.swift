// Questions about single bytes and names, in ASCII and without any notion of characters.

func isLowerOrDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || isDigit(byte)
}

func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

func isUpper(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }

func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerOrDigit(byte) || isUpper(byte) }

func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

func asciiLowercased(_ byte: UInt8) -> UInt8 { isUpper(byte) ? byte | 0x20 : byte }

func asciiUppercased(_ byte: UInt8) -> UInt8 {
  (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte & 0xDF : byte
}

func asciiLowercased(_ text: String) -> String {
  String(decoding: text.utf8.map(asciiLowercased), as: UTF8.self)
}

/// `[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?`
func isDNSLabel(_ bytes: some Sequence<UInt8>) -> Bool {
  var count = 0
  var last = UInt8(ascii: "-")
  for byte in bytes {
    guard isLowerOrDigit(byte) || (byte == UInt8(ascii: "-") && count > 0), count < 63 else {
      return false
    }
    count += 1
    last = byte
  }
  return last != UInt8(ascii: "-")
}

func isHostPattern(_ bytes: some Collection<UInt8>) -> Bool {
  if bytes.elementsEqual("*".utf8) { return true }
  let name = bytes.starts(with: "*.".utf8) ? Array(bytes.dropFirst(2)) : Array(bytes)
  return isHostName(name)
}

func isHostName(_ bytes: some Collection<UInt8>) -> Bool {
  !bytes.isEmpty && bytes.count <= 253
    && bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      .allSatisfy { isDNSLabel($0) }
}

func isAuthority(_ bytes: some Collection<UInt8>) -> Bool {
  let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
  switch parts.count {
  case 1: return isHostName(parts[0])
  case 2: return isHostName(parts[0]) && portNumber(parts[1]) != nil
  default: return false
  }
}

func portNumber(_ bytes: some Collection<UInt8>) -> Int? {
  guard (1...5).contains(bytes.count), bytes.allSatisfy(isDigit),
    let number = Int(String(decoding: Array(bytes), as: UTF8.self)), (1...65535).contains(number)
  else { return nil }
  return number
}

/// `[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?`
func isLabelPart(_ bytes: some Collection<UInt8>) -> Bool {
  let bytes = Array(bytes)
  guard let first = bytes.first, let last = bytes.last else { return false }
  return isAlphanumeric(first) && isAlphanumeric(last)
    && bytes.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
}

/// A name, perhaps after a DNS name and a slash, as in Kubernetes.
func isLabelKey(_ bytes: some Collection<UInt8>) -> Bool {
  let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
  switch parts.count {
  case 1: return parts[0].count <= 63 && isLabelPart(parts[0])
  case 2: return isHostName(parts[0]) && parts[1].count <= 63 && isLabelPart(parts[1])
  default: return false
  }
}
