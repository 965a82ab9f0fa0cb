package import FleetProtos
package import GRPCNIOTransportHTTP2Posix
package import Identity
private import SecureTransport
private import SwiftProtobuf

// For those who register as a workload without supervising an Envoy.
extension ProxyIdentity {
  /// A connection to the agent as this workload; for as long as its certificate holds.
  package func transport(
    to agent: AgentAddress, key: PrivateKey
  ) throws -> HTTP2ClientTransport.Posix {
    let bundle = bundle
    return try mutualTLSClient(
      host: agent.host, port: agent.port,
      credentials: CredentialSource(Credentials(chain: chain, key: key)),
      peers: .verified({ bundle }, allowsUnenrolled: false),
      expecting: .agent(trustDomain: trustDomain))
  }

  /// A healthy workload with one HTTP port.
  package func registration(
    at address: String, port: Int, version: String
  ) -> Rialto_Workload_V1_Registration {
    .with {
      $0.nodeID = nodeID
      $0.address = address
      $0.ports = [
        .with {
          $0.number = Int32(truncatingIfNeeded: port)
          $0.name = "http"
          $0.protocol = "http"
        }
      ]
      $0.labels = labels
      $0.healthy = true
      $0.version = version
      $0.platform = "vm"
    }
  }
}
