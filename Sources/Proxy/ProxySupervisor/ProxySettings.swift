package import Documents
package import Identity

/// What a proxy is told on its command line.
package struct ProxySettings: Sendable {
  package enum Role: String, Sendable, CaseIterable {
    case sidecar, ingress, egress, edge
    case eastWest = "east-west"
  }

  package enum Capture: String, Sendable, CaseIterable {
    case redirect, none
  }

  package struct Port: Hashable, Sendable {
    package var name: String
    package var number: Int
    package var protocolName: String
    /// Where the application listens on loopback.
    package var applicationPort: Int
  }

  package struct Upstream: Hashable, Sendable {
    package var host: String
    package var port: Int
    package var listenAddress: String
    package var listenPort: Int
  }

  package var dataFolder: String
  package var runFolder: String
  package var agent: AgentAddress
  /// Needed on the first start only.
  package var token: JoinToken?
  /// nil: what the token says.
  package var role: Role?
  package var ports: [Port] = []
  package var address: String
  /// Where other networks reach this gateway; nil: at `address` and the usual port.
  package var advertised: Advertisement?
  /// The address at which this gateway listens; nil: at all of the machine's.
  package var binding: IPv4Address?
  /// vm, container or pod.
  package var platform = "vm"
  package var labels: [String: String] = [:]
  package var upstreams: [Upstream] = []
  package var capture: Capture
  package var health: HealthProbe?
  package var envoy: String
  package var concurrency: Int?
  package var drainTime: Duration
  /// Where the resolver listens; nil for none.
  package var resolver: ListenAddress?
  package var readiness: ListenAddress
  package var metrics: ListenAddress
  package var version: String

  package init(
    dataFolder: String, runFolder: String, agent: AgentAddress, address: String, capture: Capture,
    envoy: String, drainTime: Duration, readiness: ListenAddress, metrics: ListenAddress,
    version: String
  ) {
    self.dataFolder = dataFolder
    self.runFolder = runFolder
    self.agent = agent
    self.address = address
    self.capture = capture
    self.envoy = envoy
    self.drainTime = drainTime
    self.readiness = readiness
    self.metrics = metrics
    self.version = version
  }
}

/// Where other networks reach a gateway.
package struct Advertisement: Hashable, Sendable {
  package let address: String
  /// nil: the usual port.
  package let port: Int?

  /// `ADDRESS[:PORT]`; nil otherwise.
  package init?(_ text: String) {
    if let (host, port) = hostAndPort(text) {
      (address, self.port) = (host, port)
    } else {
      (address, port) = (text, nil)
    }
    guard IPv4Address(address) != nil else { return nil }
  }
}

/// An IPv4 address and a port to listen on.
package struct ListenAddress: Hashable, Sendable {
  package let host: String
  package let port: Int

  /// `ADDRESS:PORT`; nil otherwise.
  package init?(_ text: String) {
    guard let (host, port) = hostAndPort(text), IPv4Address(host) != nil else { return nil }
    self.host = host
    self.port = port
  }
}

extension ProxySettings.Port {
  private static let protocols = ["http", "http2", "grpc", "tcp"]

  /// `NAME:PORT[/PROTOCOL][=APPPORT]`; the protocol is http unless said, the application's port the
  /// same number.
  package init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":") else { return nil }
    name = String(text[..<colon])
    var rest = text[text.index(after: colon)...]
    var application: Int?
    if let equals = rest.firstIndex(of: "=") {
      guard let port = portNumber(rest[rest.index(after: equals)...]) else { return nil }
      application = port
      rest = rest[..<equals]
    }
    protocolName = "http"
    if let slash = rest.firstIndex(of: "/") {
      protocolName = String(rest[rest.index(after: slash)...])
      rest = rest[..<slash]
    }
    guard !name.isEmpty, Self.protocols.contains(protocolName), let number = portNumber(rest)
    else { return nil }
    self.number = number
    applicationPort = application ?? number
  }
}

extension ProxySettings.Upstream {
  /// `HOST:PORT=ADDRESS:PORT`: the service, and where to listen for those who want it.
  package init?(_ text: String) {
    let sides = text.split(separator: "=", omittingEmptySubsequences: false)
    guard sides.count == 2, let target = hostAndPort(sides[0]), let listen = hostAndPort(sides[1]),
      IPv4Address(listen.host) != nil
    else { return nil }
    (host, port) = target
    (listenAddress, listenPort) = listen
  }
}

/// `HOST:PORT` taken apart; nil when it is something else.
package func hostAndPort(_ text: some StringProtocol) -> (host: String, port: Int)? {
  guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
    let port = portNumber(text[text.index(after: colon)...])
  else { return nil }
  return (String(text[..<colon]), port)
}

private func portNumber(_ text: some StringProtocol) -> Int? {
  guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
    (1...65535).contains(number)
  else { return nil }
  return number
}
