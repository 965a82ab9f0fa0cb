import EnvoyConfig
import FleetProtos
import Identity

extension Presence {
  /// Reads a registration as it came, strictly: what is in here ends up in every Envoy of the site.
  /// - Throws: `WorkloadAuthority.BadRequest`
  init(_ registration: Rialto_Workload_V1_Registration, role: ProxyRole) throws {
    guard isInstanceAddress(registration.address) else {
      throw WorkloadAuthority.BadRequest(
        description: "the address is not an IPv4 address at which a workload can be reached")
    }
    guard registration.ports.count <= 64 else {
      throw WorkloadAuthority.BadRequest(description: "more than 64 ports")
    }
    guard registration.upstreams.count <= 1024 else {
      throw WorkloadAuthority.BadRequest(description: "more than 1024 upstreams")
    }
    try checkLabels(registration.labels)
    let advertised = try advertisement(of: registration, role: role)
    let ports = try registration.ports.map { try inboundPort($0) }
      .sorted { $0.number < $1.number }
    guard Set(ports.map(\.number)).count == ports.count else {
      throw WorkloadAuthority.BadRequest(description: "a port is declared twice")
    }
    self.init(
      address: registration.address, advertisedAddress: advertised.address,
      advertisedPort: advertised.port, ports: ports, labels: registration.labels,
      healthy: registration.healthy, capturesTraffic: registration.capture == .redirect,
      upstreams: try registration.upstreams.map { try explicitUpstream($0) },
      version: shortened(registration.version), envoyVersion: shortened(registration.envoyVersion),
      platform: shortened(registration.platform), hostName: shortened(registration.hostName))
  }
}

/// Where other networks reach a gateway; nobody asks where they reach another workload.
private func advertisement(
  of registration: Rialto_Workload_V1_Registration, role: ProxyRole
) throws -> (address: String, port: Int) {
  guard role != .sidecar else { return (registration.address, Presence.gatewayPort) }
  let address =
    registration.advertisedAddress.isEmpty
    ? registration.address : registration.advertisedAddress
  let port =
    registration.advertisedPort == 0 ? Presence.gatewayPort : Int(registration.advertisedPort)
  guard isInstanceAddress(address), (1...65_535).contains(port) else {
    throw WorkloadAuthority.BadRequest(
      description: "what the gateway advertises is not an IPv4 address and a port")
  }
  return (address, port)
}

private func inboundPort(_ port: Rialto_Workload_V1_Port) throws -> InboundPort {
  let application = port.applicationPort == 0 ? port.number : port.applicationPort
  guard (1...65_535).contains(port.number), (1...65_535).contains(application) else {
    throw WorkloadAuthority.BadRequest(description: "a port number is not between 1 and 65535")
  }
  guard ["http", "http2", "grpc", "tcp"].contains(port.protocol) else {
    throw WorkloadAuthority.BadRequest(
      description: "the protocol of port \(port.number) must be http, http2, grpc or tcp")
  }
  guard isName(port.name) else {
    throw WorkloadAuthority.BadRequest(
      description: "the name of port \(port.number) must be of lower-case letters, digits, hyphens")
  }
  return InboundPort(
    number: Int(port.number), name: port.name, protocolName: port.protocol,
    applicationPort: Int(application))
}

private func explicitUpstream(_ upstream: Rialto_Workload_V1_Upstream) throws -> ExplicitUpstream {
  let labels = upstream.host.utf8.split(
    separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  guard upstream.host.utf8.count <= 253,
    labels.allSatisfy({ isName(String(decoding: $0, as: UTF8.self)) })
  else { throw WorkloadAuthority.BadRequest(description: "the host of an upstream is no name") }
  guard (1...65_535).contains(upstream.port), (1...65_535).contains(upstream.listenPort),
    isAddress(upstream.listenAddress)
  else {
    throw WorkloadAuthority.BadRequest(
      description: "an upstream has a port or address that cannot be listened on")
  }
  return ExplicitUpstream(
    host: upstream.host, port: Int(upstream.port), listenAddress: upstream.listenAddress,
    listenPort: Int(upstream.listenPort))
}

/// Free text that is only shown: bounded, and without control characters.
private func shortened(_ text: String) -> String {
  String(decoding: text.utf8.prefix(128).filter { $0 >= 0x20 && $0 != 0x7F }, as: UTF8.self)
}
