import DeltaXDS
import DiscoveryProtos
import GRPCCore
import GRPCProtobuf

/// A discovery response as it came: what a thousand proxies get alike is decoded once.
struct RawResponse: Sendable {
  var typeURL = ""
  var nonce = ""
  /// The resources, as they follow each other.
  var resources: Range<Int> = 0..<0
  var removals: [String] = []
  var bytes: [UInt8]

  enum Malformed: Error { case truncated }

  /// - Throws: `Malformed` when the bytes are no message.
  init(_ bytes: [UInt8]) throws {
    self.bytes = bytes
    var position = 0
    var resources: Range<Int>?
    while position < bytes.count {
      let start = position
      let tag = try Self.number(in: bytes, at: &position)
      // Only lengths are used in this message.
      guard tag & 7 == 2 else { throw Malformed.truncated }
      let count = Int(truncatingIfNeeded: try Self.number(in: bytes, at: &position))
      guard count >= 0, count <= bytes.count - position else { throw Malformed.truncated }
      let content = bytes[position..<position + count]
      position += count
      switch tag >> 3 {
      case 2: resources = (resources?.lowerBound ?? start)..<position
      case 4: typeURL = String(decoding: content, as: UTF8.self)
      case 5: nonce = String(decoding: content, as: UTF8.self)
      case 6: removals.append(String(decoding: content, as: UTF8.self))
      default: continue
      }
    }
    self.resources = resources ?? 0..<0
  }

  /// The hash of the resources alone.
  var contentHash: Int {
    var hasher = Hasher()
    unsafe bytes.withUnsafeBytes { buffer in
      unsafe hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: buffer[resources]))
    }
    return hasher.finalize()
  }

  private static func number(in bytes: [UInt8], at position: inout Int) throws -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < bytes.count, shift < 64 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw Malformed.truncated
  }
}

private struct RawResponseDeserializer: MessageDeserializer {
  func deserialize<Bytes: GRPCContiguousBytes>(_ serialized: Bytes) throws -> RawResponse {
    try RawResponse(unsafe serialized.withUnsafeBytes { unsafe Array($0) })
  }
}

extension GRPCClient {
  /// A discovery stream: says `opening`, and then whatever comes in `requests`, each after a
  /// `delay`; `take` gets every response, one after the other.
  func discover(
    _ opening: [DeltaDiscoveryRequest], then requests: AsyncStream<DeltaDiscoveryRequest>,
    each delay: Duration = .zero,
    _ take: @escaping @Sendable (RawResponse) throws -> Void
  ) async throws {
    var options = CallOptions.defaults
    options.waitForReady = true
    try await bidirectionalStreaming(
      request: StreamingClientRequest { writer in
        for request in opening { try await writer.write(request) }
        for await request in requests {
          if delay > .zero { try await Task.sleep(for: delay) }
          try await writer.write(request)
        }
      },
      descriptor: Envoy_Service_Discovery_V3_AggregatedDiscoveryService.Method
        .DeltaAggregatedResources.descriptor,
      serializer: ProtobufSerializer<DeltaDiscoveryRequest>(),
      deserializer: RawResponseDeserializer(), options: options
    ) { response in
      for try await message in response.messages { try take(message) }
    }
  }
}
