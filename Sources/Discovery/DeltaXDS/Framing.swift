/// Protobuf by hand, where encoding once and concatenating afterwards matters: a response is the
/// concatenation of resources that were encoded before and a few short fields.
enum Framing {
  /// Of a resource as field 2 of a response.
  static func size(of resource: Resource) -> Int { fieldSize(sizes(of: resource).whole) }

  /// Of the contents of a resource's field, and of its `Any`.
  private static func sizes(of resource: Resource) -> (whole: Int, any: Int) {
    let any = fieldSize(resource.name.type.url.utf8.count) + fieldSize(resource.body.count)
    let whole =
      fieldSize(resource.version.utf8.count) + fieldSize(any)
      + fieldSize(resource.name.name.utf8.count)
    return (whole, any)
  }

  static func append(_ resource: Resource, to bytes: inout [UInt8]) {
    let sizes = sizes(of: resource)
    append(tag: 0x12, length: sizes.whole, to: &bytes)
    append(tag: 0x0a, resource.version.utf8, to: &bytes)
    append(tag: 0x1a, resource.name.name.utf8, to: &bytes)
    append(tag: 0x12, length: sizes.any, to: &bytes)
    append(tag: 0x0a, resource.name.type.url.utf8, to: &bytes)
    append(tag: 0x12, resource.body, to: &bytes)
  }

  /// A whole response around the entries of one type.
  static func response(type: ResourceType, nonce: String, entries: [Entry]) -> [UInt8] {
    var bytes: [UInt8] = []
    let removals = entries.compactMap { $0.framed == nil ? $0.name : nil }
    let removed = removals.reduce(0) { $0 + fieldSize($1.utf8.count) }
    bytes.reserveCapacity(
      entries.reduce(0) { $0 + ($1.framed?.size ?? 0) } + removed + fieldSize(type.url.utf8.count)
        + fieldSize(nonce.utf8.count))
    for entry in entries {
      entry.framed?.append(named: ResourceName(type, entry.name), to: &bytes)
    }
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
