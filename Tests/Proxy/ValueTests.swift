import Documents
import Testing

@testable import ProxySupervisor

@Suite struct `What a proxy is told` {
  @Test(
    arguments: [
      ("http:8080", "http", 8080, "http", 8080),
      ("db:3306/tcp", "db", 3306, "tcp", 3306),
      ("api:80/grpc=9090", "api", 80, "grpc", 9090),
      ("api:80=9090", "api", 80, "http", 9090),
    ] as [(String, String, Int, String, Int)])
  func `a port has a name, a protocol and an application's port`(
    text: String, name: String, number: Int, protocolName: String, application: Int
  ) throws {
    let port = try #require(ProxySettings.Port(text))
    #expect(port.name == name)
    #expect(port.number == number)
    #expect(port.protocolName == protocolName)
    #expect(port.applicationPort == application)
  }

  @Test(arguments: ["8080", ":80", "a:0", "a:65536", "a:80/ftp", "a:80=x", "a:+80", "a:80=0"])
  func `what is no port is refused`(text: String) { #expect(ProxySettings.Port(text) == nil) }

  @Test func `an upstream has a service and an address to listen on`() throws {
    let upstream = try #require(
      ProxySettings.Upstream("orders.shop.mesh:8080=127.0.0.1:9000"))
    #expect(upstream.host == "orders.shop.mesh")
    #expect(upstream.port == 8080)
    #expect(upstream.listenAddress == "127.0.0.1")
    #expect(upstream.listenPort == 9000)
    #expect(ProxySettings.Upstream("orders.shop.mesh:8080=localhost:9000") == nil)
    #expect(ProxySettings.Upstream("orders.shop.mesh:8080") == nil)
  }

  @Test(
    arguments: [
      ("http:8080/healthz", .http(port: 8080, path: "/healthz")),
      ("http:8080", .http(port: 8080, path: "/")), ("tcp:5432", .tcp(port: 5432)),
      ("http:8080/a b", nil), ("udp:53", nil), ("tcp:", nil), ("tcp:99999", nil),
    ] as [(String, HealthProbe?)])
  func `a probe is HTTP or TCP`(text: String, probe: HealthProbe?) {
    #expect(HealthProbe(text) == probe)
  }

  @Test(
    arguments: [
      ("192.0.2.1", "192.0.2.1", nil), ("192.0.2.1:31443", "192.0.2.1", 31_443),
    ] as [(String, String, Int?)])
  func `a gateway advertises an address and perhaps a port`(
    text: String, address: String, port: Int?
  ) throws {
    let advertised = try #require(Advertisement(text))
    #expect(advertised.address == address)
    #expect(advertised.port == port)
  }

  @Test(arguments: ["gateway", "gateway:15443", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:99999"])
  func `what is no advertisement is refused`(text: String) {
    #expect(Advertisement(text) == nil)
  }

  @Test(
    arguments: [
      ([:], [], "0::/init.scope", "vm"),
      ([:], [], "", "vm"),
      (["KUBERNETES_SERVICE_HOST": "10.0.0.1"], ["/.dockerenv"], "", "pod"),
      ([:], [], "0::/kubepods.slice/x", "pod"),
      (["container": "podman"], [], "", "container"),
      (["container": ""], [], "", "vm"),
      ([:], ["/.dockerenv"], "0::/", "container"),
      ([:], ["/run/.containerenv"], "0::/", "container"),
      ([:], [], "0::/system.slice/docker-0123.scope", "container"),
    ] as [([String: String], [String], String, String)])
  func `the platform shows in the marks that container managers leave`(
    environment: [String: String], files: [String], groups: String, platform: String
  ) {
    let surroundings = Surroundings(
      environment: environment, hasFile: { files.contains($0) }, controlGroups: groups)
    #expect(surroundings.platform == platform)
  }

  @Test(arguments: ["1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.x", "", "1..2.3", " 1.2.3.4"])
  func `what is no address is refused`(text: String) { #expect(IPv4Address(text) == nil) }
}

@Suite struct `Health` {
  @Test(
    arguments: [
      ([true], [true]), ([false, false, true], [true]), ([true, false, true, false], [true]),
      ([true, false, false], [true, false]),
      ([true, false, false, true, true], [true, false, true]),
      ([false, false, false], []),
    ] as [([Bool], [Bool])])
  func `it takes two probes in a row to change a verdict`(probes: [Bool], verdicts: [Bool]) {
    var verdict = HealthVerdict()
    var seen: [Bool] = []
    for probe in probes where verdict.record(probe) { seen.append(verdict.isHealthy) }
    #expect(seen == verdicts)
  }
}

@Suite struct `Waits between attempts` {
  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `they grow up to the limit and begin anew after a success`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var backoff = Backoff(first: .milliseconds(100), limit: .seconds(2))
    let delays = (0..<12).map { _ in backoff.delay(using: &random) }
    #expect(delays.allSatisfy { $0 <= .seconds(2) })
    #expect(delays[0] <= .milliseconds(100))
    #expect(delays[11] >= .seconds(1))
    backoff.reset()
    #expect(backoff.delay(using: &random) <= .milliseconds(100))
  }
}

@Suite struct `The packet filter's rules` {
  private let filter = PacketFilter(inboundPorts: [8080, 3306, 8080], names: .all)

  @Test func `only the virtual range, names and declared ports are redirected`() {
    let lines = filter.restoreText(missingJumps: ["OUTPUT"]).split(separator: "\n").map(String.init)
    #expect(
      lines == [
        "*nat", ":RIALTO_OUTPUT - [0:0]", ":RIALTO_PREROUTING - [0:0]",
        "-A OUTPUT -j RIALTO_OUTPUT",
        "-A RIALTO_OUTPUT -p udp --dport 53 -m mark --mark 7911 -j RETURN",
        "-A RIALTO_OUTPUT -p udp --dport 53 -j REDIRECT --to-ports 15053",
        "-A RIALTO_OUTPUT -p tcp --dport 53 -m mark --mark 7911 -j RETURN",
        "-A RIALTO_OUTPUT -p tcp --dport 53 -j REDIRECT --to-ports 15053",
        "-A RIALTO_OUTPUT -p tcp -d 240.240.0.0/16 -j REDIRECT --to-ports 15001",
        "-A RIALTO_PREROUTING -p tcp --dport 3306 -j REDIRECT --to-ports 15006",
        "-A RIALTO_PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 15006", "COMMIT",
      ])
  }

  @Test func `with a resolver on this machine only queries to it are redirected`() {
    let local = ResolverConfiguration(parsing: Array("nameserver 127.0.0.53\n".utf8))
    let remote = ResolverConfiguration(
      parsing: Array("# none\nnameserver\t198.18.1.1\nnameserver fe80::1\noptions edns0\n".utf8))
    #expect(PacketFilter.Names(local) == .to(local.servers))
    #expect(local.servers.map(\.description) == ["127.0.0.53"])
    #expect(PacketFilter.Names(remote) == .all)
    #expect(remote.servers.map(\.description) == ["198.18.1.1"])
    let text = PacketFilter(inboundPorts: [], names: .to(local.servers))
      .restoreText(missingJumps: [])
    #expect(text.contains("-A RIALTO_OUTPUT -d 127.0.0.53/32 -p udp --dport 53 -j REDIRECT"))
    #expect(!text.contains("-A RIALTO_OUTPUT -p udp --dport 53 -j REDIRECT"))
  }
}
