import Blueprints
import Documents
import EnvoyProtos
import SwiftProtobuf

extension Message {
  /// The serialized message; equal messages have equal bytes.
  var encoded: [UInt8] {
    var options = BinaryEncodingOptions()
    options.useDeterministicOrdering = true
    do {
      return try serializedBytes(options: options)
    } catch {
      // Messages without required fields fail beyond two gigabytes only.
      preconditionFailure("\(Self.protoMessageName) cannot be serialized: \(error)")
    }
  }

  /// This message inside an `Any`, written out by hand: SwiftProtobuf would serialize the inner
  /// message later and without a fixed order, and takes bytes only as Foundation's `Data`.
  var packed: Google_Protobuf_Any {
    var bytes: [UInt8] = []
    bytes.appendField(1, Array(EnvoyName.typeURL(of: Self.protoMessageName).utf8))
    bytes.appendField(2, encoded)
    do {
      return try Google_Protobuf_Any(serializedBytes: bytes)
    } catch {
      preconditionFailure("\(Self.protoMessageName) cannot be packed: \(error)")
    }
  }
}

extension [UInt8] {
  /// A length-delimited field of protobuf's wire format; `number` is below 16.
  fileprivate mutating func appendField(_ number: UInt8, _ content: [UInt8]) {
    append(number << 3 | 2)
    var length = content.count
    while length > 0x7F {
      append(UInt8(length & 0x7F) | 0x80)
      length >>= 7
    }
    append(UInt8(length))
    append(contentsOf: content)
  }
}

extension EnvoyResource {
  /// The resource that `message` is; `origins` in any order.
  init(
    _ type: EnvoyResourceType, _ name: String, _ message: some Message,
    from origins: some Sequence<ItemKey>
  ) {
    self.init(
      name: EnvoyResourceName(type, name), bytes: message.encoded, origins: Set(origins).sorted())
  }
}

extension Google_Protobuf_Duration {
  init(milliseconds: Int) {
    self.init(
      seconds: Int64(milliseconds / 1000), nanos: Int32(milliseconds % 1000) * 1_000_000)
  }
}

extension ConfigSource {
  /// The discovery stream that the proxy has anyway.
  static let stream = ConfigSource.with {
    $0.ads = .init()
    $0.resourceApiVersion = .v3
  }
}

extension Address {
  init(_ address: String, port: Int) {
    self = .with {
      $0.socketAddress.address = address
      $0.socketAddress.portValue = UInt32(clamping: port)
    }
  }
}
