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
