import DeltaXDS
package import Documents
private import EnvoyProtos
private import SwiftProtobuf

/// Where a gateway listens on a machine with several addresses. The agent sends all gateways of a
/// role the same listeners; this machine's address goes into them here.
package struct ListenerBinding: Sendable {
  private let address: IPv4Address

  package init(_ address: IPv4Address) { self.address = address }

  /// The same listener at the one address, if it would be at all of them; anything else unchanged.
  func bound(_ resource: Resource) -> Resource {
    guard resource.name.type == .listener,
      var listener = try? Envoy_Config_Listener_V3_Listener(serializedBytes: resource.body),
      listener.address.socketAddress.address == "0.0.0.0"
    else { return resource }
    listener.address.socketAddress.address = address.description
    guard let body: [UInt8] = try? listener.serializedBytes() else { return resource }
    var bound = resource
    bound.body = body
    return bound
  }
}
