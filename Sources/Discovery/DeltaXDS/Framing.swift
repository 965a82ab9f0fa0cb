/// Protobuf by hand, where encoding once and concatenating afterwards matters: a response is the
/// concatenation of framed resources and a few short fields.
enum Framing {
  /// What comes before the body of a resource in field 2 of a response; the body is its end.
  static func head(of resource: Resource) -> [UInt8] {
    let url = Array(resource.name.type.url.utf8)
    let anySize = fieldSize(url.count) + fieldSize(resource.body.count)
    let size =
      fieldSize(resource.version.utf8.count) + fieldSize(anySize)
      + fieldSize(resource.name.name.utf8.count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(fieldSize(size) - resource.body.count)
    append(tag: 0x12, length: size, to: &bytes)
    append(tag: 0x0a, resource.version.utf8, to: &bytes)
    append(tag: 0x1a, resource.name.name.utf8, to: &bytes)
    append(tag: 0x12, length: anySize, to: &bytes)
    append(tag: 0x0a, url, to: &bytes)
    append(tag: 0x12, length: resource.body.count, to: &bytes)
    return bytes
  }

  /// A whole response around framed resources.
  static func response(
    type: ResourceType, nonce: String, resources: [FramedResource], removals: [String]
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    let removed = removals.reduce(0) { $0 + fieldSize($1.utf8.count) }
    bytes.reserveCapacity(
      resources.reduce(0) { $0 + $1.size } + removed + fieldSize(type.url.utf8.count)
        + fieldSize(nonce.utf8.count))
    for resource in resources { resource.append(to: &bytes) }
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
