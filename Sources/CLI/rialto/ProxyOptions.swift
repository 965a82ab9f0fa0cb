import ArgumentParser
import Documents
import Foundation
import Glibc
import ProxySupervisor

/// What a proxy remembers from one start to the next, as it was typed.
struct ProxyOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The cluster's agent.", valueName: "host:port"))
  var agent: String?

  @Option(help: "sidecar, ingress, east-west, egress or edge; must be what the token grants.")
  var role: String?

  @Option(
    help: ArgumentHelp(
      "A port of the workload; may be repeated. The protocol is http, http2, grpc or tcp.",
      valueName: "name:port[/protocol][=appport]"))
  var port: [String] = []

  @Option(help: "The IPv4 address at which this workload is reached; found out unless set.")
  var address: String?

  @Option(
    help: ArgumentHelp(
      "Where other networks reach this gateway, 15443 unless set; the address unless set.",
      valueName: "ip[:port]"))
  var advertise: String?

  @Option(
    help: ArgumentHelp(
      "The address at which this gateway listens; all of the machine's unless set.",
      valueName: "ip"))
  var bind: String?

  @Option(help: ArgumentHelp("A label; may be repeated.", valueName: "k=v"))
  var label: [String] = []

  @Option(
    help: ArgumentHelp(
      "Reaches a service without capture; may be repeated.",
      valueName: "host:port=address:port"))
  var upstream: [String] = []

  @Option(help: "redirect or none; redirect for sidecars that run as root unless set.")
  var capture: String?

  @Option(
    help: ArgumentHelp("How the application is asked.", valueName: "http:port/path|tcp:port"))
  var health: String?

  @Option(help: "Envoy's workers; one per core unless set.")
  var concurrency: Int?

  @Option(help: "Seconds that requests in flight have when the proxy stops.")
  var drainTime: Int?

  @Option(help: "Where names are answered; 127.0.0.1:15053 with capture, nowhere without.")
  var dns: String?

  func validate() throws {
    _ = try parsedPorts()
    _ = try parsedLabels()
    _ = try parsedUpstreams()
    _ = try parsedHealth()
    let role = try parsedRole()
    if try parsedAdvertisement() != nil, role == .sidecar {
      throw ValidationError("--advertise is for gateways")
    }
    if try parsedBinding() != nil, role == .sidecar {
      throw ValidationError("--bind is for gateways")
    }
    if let capture, ProxySettings.Capture(rawValue: capture) == nil {
      throw ValidationError("--capture \(capture): redirect or none is meant")
    }
    if let concurrency, !(1...256).contains(concurrency) {
      throw ValidationError("--concurrency is 1 to 256")
    }
    if let drainTime, !(0...3600).contains(drainTime) {
      throw ValidationError("--drain-time is 0 to 3600 seconds")
    }
  }

  // MARK: Reading

  func parsedPorts() throws -> [ProxySettings.Port] {
    try port.map { text in
      guard let port = ProxySettings.Port(text) else {
        throw ValidationError("--port \(text): NAME:PORT[/PROTOCOL][=APPPORT] is meant")
      }
      return port
    }
  }

  func parsedUpstreams() throws -> [ProxySettings.Upstream] {
    try upstream.map { text in
      guard let upstream = ProxySettings.Upstream(text) else {
        throw ValidationError("--upstream \(text): HOST:PORT=ADDRESS:PORT is meant")
      }
      return upstream
    }
  }

  func parsedLabels() throws -> [String: String] {
    var labels: [String: String] = [:]
    for text in label {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw ValidationError("--label \(text): KEY=VALUE is meant")
      }
      labels[String(parts[0])] = String(parts[1])
    }
    return labels
  }

  func parsedAdvertisement() throws -> Advertisement? {
    try advertise.map { text in
      guard let advertisement = Advertisement(text) else {
        throw ValidationError("--advertise \(text): an IPv4 address, or ADDRESS:PORT, is meant")
      }
      return advertisement
    }
  }

  func parsedBinding() throws -> IPv4Address? {
    try bind.map { text in
      guard let address = IPv4Address(text) else {
        throw ValidationError("--bind \(text): an IPv4 address is meant")
      }
      return address
    }
  }

  func parsedHealth() throws -> HealthProbe? {
    try health.map { text in
      guard let probe = HealthProbe(text) else {
        throw ValidationError("--health \(text): http:PORT/PATH or tcp:PORT is meant")
      }
      return probe
    }
  }

  func parsedRole() throws -> ProxySettings.Role? {
    try role.map { text in
      guard let role = ProxySettings.Role(rawValue: text) else {
        throw ValidationError(
          "--role \(text): sidecar, ingress, east-west, egress or edge is meant")
      }
      return role
    }
  }

  func parsedCapture(_ role: ProxySettings.Role?) -> ProxySettings.Capture {
    if let capture, let parsed = ProxySettings.Capture(rawValue: capture) { return parsed }
    return (role ?? .sidecar) == .sidecar && geteuid() == 0 ? .redirect : .none
  }

  func parsedAddress(towards agent: AgentAddress) async throws -> String {
    if let address {
      guard IPv4Address(address) != nil else {
        throw ValidationError("--address \(address): an IPv4 address is meant")
      }
      return address
    }
    guard let found = await ownAddress(towards: agent) else {
      throw ValidationError("this machine's address is not clear: give --address")
    }
    return found
  }

  // MARK: Remembering

  /// These options, and where nothing is given, what `remembered` says.
  func completed(from remembered: Document?) -> ProxyOptions {
    guard let remembered else { return self }
    func texts(_ key: String) -> [String] { remembered[key]?.list?.compactMap(\.string) ?? [] }
    var options = self
    options.agent = agent ?? remembered["agent"]?.string
    options.role = role ?? remembered["role"]?.string
    options.address = address ?? remembered["address"]?.string
    options.advertise = advertise ?? remembered["advertise"]?.string
    options.bind = bind ?? remembered["bind"]?.string
    options.capture = capture ?? remembered["capture"]?.string
    options.health = health ?? remembered["health"]?.string
    options.dns = dns ?? remembered["dns"]?.string
    options.concurrency =
      concurrency ?? remembered["concurrency"]?.integer.flatMap { Int(exactly: $0) }
    options.drainTime = drainTime ?? remembered["drainTime"]?.integer.flatMap { Int(exactly: $0) }
    if port.isEmpty { options.port = texts("ports") }
    if label.isEmpty { options.label = texts("labels") }
    if upstream.isEmpty { options.upstream = texts("upstreams") }
    return options
  }

  var document: Document {
    func list(_ texts: [String]) -> Document { .list(texts.map(Document.string)) }
    var members: [String: Document] = [
      "ports": list(port), "labels": list(label), "upstreams": list(upstream),
    ]
    for (key, value) in [
      ("agent", agent), ("role", role), ("address", address), ("advertise", advertise),
      ("bind", bind),
      ("capture", capture), ("health", health), ("dns", dns),
    ] {
      if let value { members[key] = .string(value) }
    }
    for (key, value) in [("concurrency", concurrency), ("drainTime", drainTime)] {
      if let value { members[key] = .integer(Int64(value)) }
    }
    return .object(members)
  }
}
