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
    guard registration.ports.count <= 64, registration.upstreams.count <= 64 else {
      throw WorkloadAuthority.BadRequest(description: "more than 64 ports or upstreams")
    }
    try checkLabels(registration.labels)
    let ports = try registration.ports.map { try inboundPort($0) }
      .sorted { $0.number < $1.number }
    guard Set(ports.map(\.number)).count == ports.count else {
      throw WorkloadAuthority.BadRequest(description: "a port is declared twice")
    }
    self.init(
      address: registration.address, ports: ports, labels: registration.labels,
      healthy: registration.healthy, capturesTraffic: registration.capture == .redirect,
      upstreams: try registration.upstreams.map { try explicitUpstream($0) },
      version: shortened(registration.version), envoyVersion: shortened(registration.envoyVersion),
      platform: shortened(registration.platform), hostName: shortened(registration.hostName))
  }
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

/// Dotted IPv4, and none of 0.0.0.0/8, multicast, reserved (the virtual addresses) or broadcast.
private func isInstanceAddress(_ text: String) -> Bool {
  guard isAddress(text), !text.utf8.contains(UInt8(ascii: ":")) else { return false }
  let first = text.utf8.prefix { $0 != UInt8(ascii: ".") }
  guard let octet = Int(String(decoding: first, as: UTF8.self)) else { return false }
  return (1..<224).contains(octet)
}

/// Free text that is only shown: bounded, and without control characters.
private func shortened(_ text: String) -> String {
  String(decoding: text.utf8.prefix(128).filter { $0 >= 0x20 && $0 != 0x7F }, as: UTF8.self)
}
