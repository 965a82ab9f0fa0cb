import ArgumentParser
import Documents
import ManagementClient
import Model
import Testing

@testable import rialto

private let shop = "organizations/acme/tenants/web/workspaces/shop"
private let orders = "\(shop)/trafficgroups/all/serviceroutes/orders"

@Suite struct `Delete command` {
  @Test func `delete asks for what the flags say`() async throws {
    let server = FakeServer { _ in
      .json(["results": [["fqn": .string(orders), "action": "deleted"]]])
    }
    let (session, words) = server.session()
    let ref = try #require(ResourceRef(fqn: orders))
    try await DeleteCommand.asyncParse([orders, "--cascade"]).delete([ref], in: session)
    #expect(server.targets == ["DELETE /v2/\(orders)?cascade=true"])
    #expect(words.data == "serviceroute/orders deleted\n")
  }

  private static func server(refusing refused: String? = nil) -> FakeServer {
    FakeServer { call in
      let fqn = String(call.target.dropFirst("/v2/".count))
      guard [shop, orders].contains(fqn) else { return .missing }
      if call.method == .get { return .json(object(fqn, kind: "X")) }
      if fqn == refused { return .problem(409, "RL2411", "it holds others") }
      return .json(["results": [["fqn": .string(fqn), "action": "deleted"]]])
    }
  }

  @Test func `of several, what is below others goes first`() async throws {
    let server = Self.server()
    let (session, words) = server.session()
    let command = try await DeleteCommand.asyncParse([shop, orders])
    try await command.delete(try await command.targets(in: session), in: session)
    #expect(
      server.targets.filter { $0.hasPrefix("DELETE") }
        == ["DELETE /v2/\(orders)", "DELETE /v2/\(shop)"])
    #expect(words.data == "serviceroute/orders deleted\nworkspace/shop deleted\n")
  }

  @Test func `of several, none is deleted where one is not there`() async throws {
    let server = Self.server()
    let (session, words) = server.session()
    let failure = await #expect(throws: Failure.self) {
      try await DeleteCommand.asyncParse([orders, "\(shop)/trafficgroups/none"])
        .targets(in: session)
    }
    #expect(failure?.reasons.first?.contains("none") == true && words.data.isEmpty)
    let ignoring = try await DeleteCommand.asyncParse([
      orders, "\(shop)/trafficgroups/none", "--ignore-not-found", "-o", "json",
    ])
    try await ignoring.delete(try await ignoring.targets(in: session), in: session)
    let told = try JSONParser.document(from: Array(words.data.utf8))
    #expect(told["items"]?.list?.count == 1)
    #expect(words.notes == ["trafficgroup/none was not there"])
  }

  @Test func `what was deleted before a refusal is told`() async throws {
    let (session, words) = Self.server(refusing: shop).session()
    let command = try await DeleteCommand.asyncParse([shop, orders])
    let refs = try await command.targets(in: session)
    await #expect(throws: ClientError.self) { try await command.delete(refs, in: session) }
    #expect(words.data == "serviceroute/orders deleted\n")
  }

  @Test func `a name that nobody has can be ignored`() async throws {
    let (session, words) = FakeServer { _ in .json(["items": []]) }.session(organization: "acme")
    let command = try await DeleteCommand.asyncParse(["tenant", "web", "--ignore-not-found"])
    let sr = try await DeleteCommand.asyncParse(["sr", "gone", "--ignore-not-found"])
    #expect(try await command.targets(in: session).map(\.name) == ["web"])
    #expect(try await sr.targets(in: session).isEmpty)
    #expect(words.notes == ["there is no serviceRoute 'gone'"])
  }

  @Test func `what is not there can be ignored`() async throws {
    let server = FakeServer([:])
    let (session, words) = server.session()
    let ref = try #require(ResourceRef(fqn: orders))
    try await DeleteCommand.asyncParse([orders, "--ignore-not-found"]).delete([ref], in: session)
    #expect(words.notes == ["serviceroute/orders was not there"])
    await #expect(throws: ClientError.self) {
      try await DeleteCommand.asyncParse([orders]).delete([ref], in: session)
    }
  }
}
