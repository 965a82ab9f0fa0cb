import DeltaXDS
import Documents
import EnvoyProtos
import SwiftProtobuf
import Testing

@testable import ProxySupervisor

/// What a gateway on a machine with several addresses makes of the listeners it is sent.
@Suite("The address at which a gateway listens")
struct ListenerBindingTests {
  private func listener(at address: String) throws -> Resource {
    let listener = Envoy_Config_Listener_V3_Listener.with {
      $0.name = "eastwest"
      $0.address.socketAddress.address = address
      $0.address.socketAddress.portValue = 15443
    }
    return Resource(
      name: ResourceName(.listener, listener.name), version: "1",
      body: try listener.serializedBytes())
  }

  private func address(of resource: Resource) throws -> String {
    try Envoy_Config_Listener_V3_Listener(serializedBytes: resource.body)
      .address.socketAddress.address
  }

  private func binding() throws -> ListenerBinding {
    ListenerBinding(try #require(IPv4Address("192.0.2.7")))
  }

  @Test
  func `a listener at all addresses listens at the one, under its name and version`() throws {
    let sent = try listener(at: "0.0.0.0")
    let bound = try binding().bound(sent)
    #expect(try address(of: bound) == "192.0.2.7")
    #expect((bound.name, bound.version) == (sent.name, sent.version))
  }

  @Test
  func `a listener on loopback stays there, and what is no listener stays as it is`() throws {
    let inside = try listener(at: "127.0.0.1")
    let binding = try binding()
    #expect(binding.bound(inside) == inside)
    let other = Resource(
      name: ResourceName(.cluster, "one"), version: "1", body: try listener(at: "0.0.0.0").body)
    #expect(binding.bound(other) == other)
  }
}
