import Documents
import ManagementClient
import Model
import Testing

@Suite struct `Management client` {
  private static let route = ResourceRef(
    .serviceRoute, ["acme", "web", "shop", "all", "orders"])

  @Test func `calls are what the API expects`() async throws {
    let server = FakeServer { _ in .json(["items": []]) }
    let client = ManagementClient(exchange: server.exchange)
    let ref = ResourceRef(.tenant, ["acme", "web"])
    _ = try await client.object(ref)
    _ = try await client.object(ref, view: .full)
    _ = try await client.objects(in: "organizations/acme/tenants", labels: "a=b,c!=d")
    _ = try await client.status(of: ref)
    _ = try await client.apply([1], dryRun: true)
    _ = try await client.put(ref, [:], ifMatch: "7")
    _ = try await client.delete(ref, cascade: true, dryRun: true)
    _ = try await client.joinToken(for: ResourceRef(.cluster, ["acme", "east"]))
    _ = try await client.proxyConfiguration(cluster: "east", nodeID: "a/b?c#d é")
    _ = try await client.changes(limit: 5)
    _ = try await client.change(9)
    #expect(
      server.targets == [
        "GET /v2/organizations/acme/tenants/web",
        "GET /v2/organizations/acme/tenants/web?view=full",
        "GET /v2/organizations/acme/tenants?limit=500&labelSelector=a%3Db%2Cc%21%3Dd",
        "GET /v2/organizations/acme/tenants/web/status", "POST /v2/apply?dryRun=true",
        "PUT /v2/organizations/acme/tenants/web",
        "DELETE /v2/organizations/acme/tenants/web?cascade=true&dryRun=true",
        "POST /v2/organizations/acme/clusters/east/tokens",
        "GET /v2/proxies/east/a%2Fb%3Fc%23d%20%C3%A9/config", "GET /v2/changes?limit=5",
        "GET /v2/changes/9",
      ])
    #expect(server.recorded[5].headers == ["if-match": "\"7\""])
    #expect(server.recorded[4].contentType == "application/json")
  }

  @Test func `every page of a list is read`() async throws {
    let server = FakeServer { call in
      switch call.target {
      case "/v2/organizations?limit=500": .json(["items": [1, 2], "continue": "7.b"])
      case "/v2/organizations?limit=500&continue=7.b": .json(["items": [3]])
      default: .missing
      }
    }
    let items = try await ManagementClient(exchange: server.exchange).objects(in: "organizations")
    #expect(items == [1, 2, 3])
  }

  @Test func `a refusal carries what the problem document says`() async throws {
    let server = FakeServer { _ in
      .json(
        [
          "status": 422, "code": "RL1042", "title": "Invalid object", "detail": "no",
          "errors": [
            [
              "severity": "error", "code": "RL1042", "path": "spec.subsets", "detail": "90",
              "line": 3,
            ]
          ],
        ], status: 422)
    }
    do {
      _ = try await ManagementClient(exchange: server.exchange).apply([])
      Issue.record("it was not refused")
    } catch ClientError.refused(let problem) {
      #expect(problem.status == 422 && problem.code == "RL1042")
      #expect(problem.errors.map(\.path) == ["spec.subsets"] && problem.errors[0].line == 3)
    }
  }

  @Test(arguments: ["<html>", "", "[]"])
  func `an error page of something else is a refusal too`(_ body: String) async throws {
    let server = FakeServer { _ in ServerAnswer(status: 502, body: Array(body.utf8)) }
    do {
      _ = try await ManagementClient(exchange: server.exchange).agents()
      Issue.record("it was not refused")
    } catch ClientError.refused(let problem) {
      #expect(problem.code == nil && problem.detail.contains("502"))
    }
  }

  @Test func `an answer that is no JSON is unintelligible`() async throws {
    let server = FakeServer { _ in ServerAnswer(status: 200, body: Array("hello".utf8)) }
    await #expect(throws: ClientError.self) {
      try await ManagementClient(exchange: server.exchange).agents()
    }
  }

  @Test(arguments: ["http://a", "a:8443", "https://", "https://a/b", "https://a b", "ftp://a", ""])
  func `only https is talked to`(_ server: String) {
    let context = ClientContext(
      name: "x", server: server, certificateAuthority: "x", token: "t")
    #expect(throws: ClientError.self) { try Exchange.https(to: context) }
  }

  @Test(arguments: ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
  func `without a certificate of an authority nothing is trusted`(_ authority: String) {
    let context = ClientContext(
      name: "x", server: "https://localhost:1", certificateAuthority: authority, token: "t")
    #expect(throws: ClientError.self) { try Exchange.https(to: context) }
  }

  private static let stream =
    ": hello\n\nevent: change\nid: 7\ndata: {\"revision\":7}\n\ndata: [1,\ndata: 2]\r\n\r\n"
    + "event:agents\ndata:{}\n\nevent: empty\n\nid: 9\nretry: 5\ndata: \"é\"\n\n"

  @Test(arguments: 1..<24)
  func `events are the same in whatever pieces they come`(_ size: Int) throws {
    var parser = EventStreamParser()
    let bytes = Array(Self.stream.utf8)
    var events: [ServerEvent] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      events += try parser.receive(bytes[start..<min(start + size, bytes.count)])
    }
    #expect(events.map(\.name) == ["change", "message", "agents", "message"])
    #expect(events.map(\.id) == ["7", "7", "7", "9"])
    #expect(events.map(\.data) == [["revision": 7], [1, 2], [:], "é"])
  }

  @Test func `a line without an end is given up`() {
    var parser = EventStreamParser()
    let piece = [UInt8](repeating: 0x61, count: 1 << 20)
    #expect(throws: EventStreamParser.TooLarge.self) {
      for _ in 0..<10 { _ = try parser.receive(piece) }
    }
  }

  @Test func `a watch that is refused throws`() async {
    let server = FakeServer { _ in .problem(410, "RL2410", "gone") }
    await #expect(throws: ClientError.self) {
      try await ManagementClient(exchange: server.exchange).watch(after: 9) { _ in true }
    }
    #expect(server.targets == ["GET /v2/watch?revision=9"])
  }
}
