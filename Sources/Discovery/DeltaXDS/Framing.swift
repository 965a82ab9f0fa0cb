/// Protobuf by hand, where encoding once and concatenating afterwards matters: a response is the
/// concatenation of framed resources and a few short fields.
enum Framing {
  /// A resource as field 2 of a response, and where its body lies in it.
  static func frame(_ resource: Resource) -> (bytes: [UInt8], body: Range<Int>) {
    let url = Array(resource.name.type.url.utf8)
    let anySize = fieldSize(url.count) + fieldSize(resource.body.count)
    let size =
      fieldSize(resource.version.utf8.count) + fieldSize(anySize)
      + fieldSize(resource.name.name.utf8.count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(fieldSize(size))
    append(tag: 0x12, length: size, to: &bytes)
    append(tag: 0x0a, resource.version.utf8, to: &bytes)
    append(tag: 0x1a, resource.name.name.utf8, to: &bytes)
    append(tag: 0x12, length: anySize, to: &bytes)
    append(tag: 0x0a, url, to: &bytes)
    append(tag: 0x12, resource.body, to: &bytes)
    return (bytes, bytes.count - resource.body.count..<bytes.count)
  }

  /// A whole response around framed resources.
  static func response(
    type: ResourceType, nonce: String, frames: [[UInt8]], removals: [String]
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    let removed = removals.reduce(0) { $0 + fieldSize($1.utf8.count) }
    bytes.reserveCapacity(
      frames.reduce(0) { $0 + $1.count } + removed + fieldSize(type.url.utf8.count)
        + fieldSize(nonce.utf8.count))
    for frame in frames { bytes += frame }
    append(tag: 0x22, type.url.utf8, to: &bytes)
    append(tag: 0x2a, nonce.utf8, to: &bytes)
    for name in removals { append(tag: 0x32, name.utf8, to: &bytes) }
    return bytes
  }

  /// The size of a field with a tag of one byte and `count` bytes of content.
  private static func fieldSize(_ count: Int) -> Int {
    var size = 2 + count
    var rest = count >> 7
    while rest > 0 {
      size += 1
      rest >>= 7
    }
    return size
  }

  private static func append(tag: UInt8, length: Int, to bytes: inout [UInt8]) {
    bytes.append(tag)
    var rest = length
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  private static func append(
    tag: UInt8, _ content: some Collection<UInt8>, to bytes: inout [UInt8]
  ) {
    append(tag: tag, length: content.count, to: &bytes)
    bytes += content
  }
}
