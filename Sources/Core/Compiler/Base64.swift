/// Standard base64 (RFC 4648 §4) with padding.
func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  text.reserveCapacity((bytes.count + 2) / 3 * 4)
  var index = 0
  while index < bytes.count {
    let rest = bytes.count - index
    let first = bytes[index]
    let second = rest > 1 ? bytes[index + 1] : 0
    let third = rest > 2 ? bytes[index + 2] : 0
    let padding = UInt8(ascii: "=")
    text.append(alphabet[Int(first >> 2)])
    text.append(alphabet[Int((first & 0x03) << 4 | second >> 4)])
    text.append(rest > 1 ? alphabet[Int((second & 0x0F) << 2 | third >> 6)] : padding)
    text.append(rest > 2 ? alphabet[Int(third & 0x3F)] : padding)
    index += 3
  }
  return String(decoding: text, as: UTF8.self)
}
