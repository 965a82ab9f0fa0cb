import Documents
import NIOCore
import NIOPosix
import Testing

@testable import ProxySupervisor

private func packet(
  _ name: String, type: UInt16 = 1, id: UInt16 = 0x1234, extensions: Bool = false
) -> [UInt8] {
  var bytes: [UInt8] = [
    UInt8(id >> 8), UInt8(id & 0xFF), 1, 0, 0, 1, 0, 0, 0, 0, 0, extensions ? 1 : 0,
  ]
  for label in name.split(separator: ".") { bytes += [UInt8(label.utf8.count)] + label.utf8 }
  bytes += [0, UInt8(type >> 8), UInt8(type & 0xFF), 0, 1]
  if extensions { bytes += [0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, 0] }
  return bytes
}

private func table(_ hosts: [String: String]) throws -> NameTable {
  var table = NameTable()
  for (host, address) in hosts {
    let parsed: IPv4Address = try #require(IPv4Address(address))
    table[host] = parsed
  }
  return table
}

private func code(_ answer: [UInt8]) -> UInt8 { answer[3] & 0x0F }
private func answers(_ answer: [UInt8]) -> Int { Int(answer[6]) << 8 | Int(answer[7]) }

@Suite struct `Answers to DNS queries` {
  private let names: NameTable

  init() throws { names = try table(["orders.shop.mesh": "240.240.0.7"]) }

  private func answer(_ packet: [UInt8]) throws -> [UInt8] {
    let query = try #require(DNSQuery(packet))
    guard case .answer(let bytes) = query.decision(names: names) else {
      throw Unanswered()
    }
    return bytes
  }

  struct Unanswered: Error {}

  @Test(arguments: ["orders.shop.mesh", "Orders.SHOP.mesh"])
  func `a known name has its virtual address, whatever its case`(name: String) throws {
    let query = packet(name)
    let bytes = try answer(query)
    #expect(bytes.prefix(2) == query.prefix(2))
    #expect(code(bytes) == 0)
    #expect(answers(bytes) == 1)
    #expect(Array(bytes.suffix(4)) == [240, 240, 0, 7])
    #expect(
      Array(bytes[12..<query.count]) == Array(query[12...]), "the question comes back as asked")
    #expect(bytes.suffix(10).prefix(4) == [0, 0, 0, 5], "five seconds to live")
  }

  @Test(arguments: [28, 65, 16, 255] as [UInt16])
  func `other records of a known name do not exist, but the name does`(type: UInt16) throws {
    let bytes = try answer(packet("orders.shop.mesh", type: type))
    #expect(code(bytes) == 0)
    #expect(answers(bytes) == 0)
  }

  @Test(arguments: ["nobody.shop.mesh", "mesh", "a.b.c.d.mesh"], [1, 28] as [UInt16])
  func `an unknown name of the mesh does not exist`(name: String, type: UInt16) throws {
    #expect(code(try answer(packet(name, type: type))) == 3)
  }

  @Test(arguments: ["example.com", "notmesh", "mesh.example.com", "orders.shop.mesh.example.com"])
  func `other names are for others`(name: String) throws {
    #expect(try #require(DNSQuery(packet(name))).decision(names: names) == .forward)
  }

  @Test func `a query with extensions gets an answer with extensions`() throws {
    let bytes = try answer(packet("orders.shop.mesh", extensions: true))
    #expect(bytes[11] == 1)
    #expect(Array(bytes.suffix(11)) == [0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, 0])
  }

  @Test(
    arguments: [
      [], [0], Array(repeating: 0, count: 12), Array(repeating: 0xFF, count: 64),
      // A response, not a query.
      [0, 1, 0x81, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1],
      // Two questions.
      [0, 1, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1, 1, 97, 0, 0, 1, 0, 1],
      // A pointer to itself, and one that points forward.
      [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 12, 0, 1, 0, 1],
      [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 14, 1, 97, 0, 0, 1, 0, 1],
      // A label longer than the packet, and one with a dot inside.
      [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 63, 97, 0, 0, 1, 0, 1],
      [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 97, 46, 98, 0, 0, 1, 0, 1],
    ] as [[UInt8]])
  func `what is no query is not answered`(bytes: [UInt8]) {
    #expect(DNSQuery(bytes) == nil)
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `random bytes end in an answer or in nothing`(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let valid = packet("orders.shop.mesh", extensions: true)
    for round in 0..<20_000 {
      var bytes: [UInt8]
      if round.isMultiple(of: 2) {
        bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
      } else {
        bytes = valid
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let index = Int.random(in: 0..<bytes.count, using: &random)
          bytes[index] = UInt8.random(in: 0...255, using: &random)
        }
        bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
      }
      guard let query = DNSQuery(bytes), case .answer(let answer) = query.decision(names: names)
      else { continue }
      #expect(answer.prefix(2) == bytes.prefix(2))
      #expect(answer.count >= 12)
    }
  }
}

struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite(.timeLimit(.minutes(3))) struct `The resolver on its sockets` {
  /// A resolver that has only ever heard of one host.
  private func serving<Value: Sendable>(
    forwardingTo servers: [SocketAddress],
    _ body: @escaping @Sendable (_ port: Int) async throws -> Value
  ) async throws -> Value {
    let names = try table(["orders.shop.mesh": "240.240.0.7"])
    let resolver = try await Resolver(
      host: "127.0.0.1", port: 0, names: { names },
      forwarder: DNSForwarder(servers: servers, mark: nil))
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask {
        try? await resolver.run()
        return nil
      }
      let value = try await body(resolver.port)
      group.cancelAll()
      return value
    }
  }

  private func ask(_ packet: [UInt8], port: Int, over way: DNSForwarder.Way) async throws -> [UInt8]
  {
    let server = try SocketAddress(ipAddress: "127.0.0.1", port: port)
    let query = try #require(DNSQuery(packet))
    return await DNSForwarder(servers: [server], mark: nil, patience: .seconds(30))
      .ask(query, packet, over: way)
  }

  @Test(arguments: [DNSForwarder.Way.datagram, .stream])
  func `a name of the mesh is answered`(way: DNSForwarder.Way) async throws {
    let answer = try await serving(forwardingTo: []) { port in
      try await ask(packet("orders.shop.mesh"), port: port, over: way)
    }
    #expect(Array(answer.suffix(4)) == [240, 240, 0, 7])
  }

  @Test(arguments: [DNSForwarder.Way.datagram, .stream])
  func `another name is answered by the machine's resolver`(way: DNSForwarder.Way) async throws {
    // The upstream is a resolver of ours whose mesh answers what the first one forwards.
    let answer = try await serving(forwardingTo: []) { upstream in
      let server = try SocketAddress(ipAddress: "127.0.0.1", port: upstream)
      return try await serving(forwardingTo: [server]) { port in
        try await ask(packet("example.com"), port: port, over: way)
      }
    }
    #expect(code(answer) == 2, "nobody behind the second resolver knows the name")
  }

  @Test func `without a resolver another name is a server failure`() async throws {
    let answer = try await serving(forwardingTo: []) { port in
      try await ask(packet("example.com", id: 7), port: port, over: .datagram)
    }
    #expect(Array(answer.prefix(2)) == [0, 7])
    #expect(code(answer) == 2)
  }

  @Test func `a resolver that forwards to itself gives up`() async throws {
    let answer = try await serving(forwardingTo: []) { port in port }
    let loop = try SocketAddress(ipAddress: "127.0.0.1", port: answer)
    let failure = try await serving(forwardingTo: [loop]) { port in
      try await ask(packet("example.com"), port: port, over: .datagram)
    }
    #expect(code(failure) == 2)
  }
}
