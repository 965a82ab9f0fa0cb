import Documents
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Manifests
import Model
import NIOCore
import Operations
import RestAPI
import TestSupport
import Testing

@Suite struct `The REST API` {
  @Test(
    arguments: [
      ("organizations?watch=true&limit=5", "limit is for pages"),
      ("organizations?watch=true&continue=x", "continue is for pages"),
      ("organizations?watch=true&view=full", "a watch tells of what is written"),
      ("organizations/acme?watch=true&view=full", "a watch tells of what is written"),
      ("organizations/acme?watch=true&view=effective", "a watch tells of what is written"),
      ("organizations/acme?watch=true&view=colour", "view is basic or full or effective here"),
      ("organizations/acme?watch=true&fields=a..b", "fields is a list"),
      ("organizations/acme?revision=1", "needs watch=true"),
      ("organizations?revision=1", "needs watch=true"),
    ])
  func `what cannot go with a watch is refused, and why`(
    _ target: String, _ reason: String
  ) async throws {
    let fixture = try ManagementFixture()
    try await fixture.apply(ManagementFixture.tree)
    let answer = try await Client(fixture: fixture)(
      .get, "/v2/\(target)", headers: ["Accept": "*/*"])
    #expect(answer.status == 400 && answer.body["code"] == "RL2400")
    #expect(answer.body["detail"]?.string?.contains(reason) == true)
  }

  private let fixture: ManagementFixture

  init() throws { fixture = try ManagementFixture() }

  /// An answer with its body read.
  private struct Answer {
    var status: Int
    var headers: HTTPFields
    var body: Document
    subscript(header name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
  }

  private func api(_ change: (inout RestAPI.Settings) -> Void = { _ in }) -> RestAPI {
    var settings = RestAPI.Settings(host: "127.0.0.1", port: 0, hosts: [])
    change(&settings)
    return RestAPI(
      operations: fixture.operations, settings: settings,
      checks: [RestAPI.ReadinessCheck(name: "test") { true }],
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func call(
    _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil,
    type: String? = "application/yaml", headers: [String: String] = [:], signedIn: Bool = true,
    at api: RestAPI? = nil
  ) async throws -> Answer {
    var fields = HTTPFields()
    if signedIn {
      let key = try await fixture.operations.issueAdministratorKey()
      fields[.authorization] = "Bearer \(key.text)"
    }
    if body != nil { fields[.contentType] = type }
    for (name, value) in headers {
      fields[try #require(HTTPField.Name(name))] = value
    }
    let sent = fields
    let application = try (api ?? self.api()).application(credentials: nil)
    return try await application.test(.router) { client in
      try await client.execute(
        uri: path, method: method, headers: sent, body: body.map(ByteBuffer.init(string:))
      ) { response in
        Answer(
          status: response.status.code, headers: response.headers,
          body: (try? JSONParser.document(from: Array(response.body.readableBytesView))) ?? .null)
      }
    }
  }

  private let tenant = "/v2/organizations/acme/tenants/t"

  private func apply() async throws {
    let answer = try await call(.post, "/v2/apply?file=shop.yaml", ManagementFixture.tree)
    #expect(answer.status == 200)
    #expect(answer.body["revision"] == 1)
    #expect(answer.body["results"]?.list?.count == 5)
  }

  @Test func `what was applied can be read, listed and followed`() async throws {
    try await apply()
    let object = try await call(.get, tenant)
    #expect(object.status == 200)
    #expect(object[header: "ETag"] == "\"1\"")
    #expect(object.body["metadata"]?["etag"] == "1")
    #expect(object.body["metadata"]?["fqn"] == "organizations/acme/tenants/t")
    let list = try await call(.get, "/v2/organizations/acme/tenants?limit=10")
    #expect(list.body["items"]?.list?.count == 1)
    let status = try await call(.get, "\(tenant)/status")
    #expect(status.body["state"] == "ACCEPTED")
    let changes = try await call(.get, "/v2/changes")
    #expect(changes.body["items"]?.list?.first?["actor"] == "administrator")
    let change = try await call(.get, "/v2/changes/1")
    #expect(change.body["objects"]?.list?.count == 5)
    #expect(change.body["propagation"]?["isCompiled"] == false)
  }

  @Test func `what was read can be written back`() async throws {
    try await apply()
    for path in [tenant, "\(tenant)/workspaces/w", "\(tenant)?view=full"] {
      let object = try await call(.get, path)
      let target = String(path.prefix { $0 != "?" })
      let answer = try await call(
        .put, target, object.body.canonicalText, type: "application/json")
      #expect(answer.status == 200, "\(path)")
      #expect(answer.body["changed"] == false, "\(path)")
    }
  }

  @Test func `creating, replacing and deleting answer as the object's life goes`() async throws {
    try await apply()
    let body =
      "{\"apiVersion\":\"api.rialto.mesh/v2\",\"kind\":\"Tenant\","
      + "\"metadata\":{\"name\":\"u\",\"organization\":\"acme\"}}"
    let tenants = "/v2/organizations/acme/tenants"
    let created = try await call(.post, tenants, body, type: "application/json")
    #expect(created.status == 201)
    #expect(created[header: "Location"] == "\(tenants)/u")
    #expect(created[header: "ETag"] == "\"2\"")
    let again = try await call(.post, tenants, body, type: "application/json")
    #expect(again.status == 409)
    #expect(again.body["code"] == "RL2409")
    let patched = try await call(
      .patch, "\(tenants)/u", "{\"metadata\":{\"description\":\"d\"}}",
      type: "application/merge-patch+json", headers: ["If-Match": "\"2\""])
    #expect(patched.status == 200)
    let stale = try await call(.delete, "\(tenants)/u", headers: ["If-Match": "\"2\""])
    #expect(stale.status == 412)
    #expect(stale.body["code"] == "RL2412")
    #expect(try await call(.delete, "\(tenants)/u").status == 200)
    #expect(try await call(.get, "\(tenants)/u").status == 404)
  }

  @Test func `deleting with children is refused unless they are to go too`() async throws {
    try await apply()
    #expect(try await call(.delete, tenant).status == 409)
    let gone = try await call(.delete, "\(tenant)?cascade=true")
    #expect(gone.status == 200)
    #expect(gone.body["results"]?.list?.count == 3)
  }

  @Test func `a dry run shows before and after and writes nothing`() async throws {
    let answer = try await call(.post, "/v2/apply?dryRun=true", ManagementFixture.tree)
    #expect(answer.body["dryRun"] == true)
    #expect(answer.body["results"]?.list?.first?["before"] == .some(.null))
    #expect(answer.body["results"]?.list?.first?["after"]?["kind"] == "Organization")
    #expect(try await call(.get, "/v2/organizations/acme").status == 404)
  }

  @Test func `a malformed file is one problem with every place in it`() async throws {
    let yaml = """
      apiVersion: api.rialto.mesh/v2
      kind: Organization
      metadata: {name: acme, nmae: x}
      spec: {colour: red}
      """
    let answer = try await call(.post, "/v2/apply?file=bad.yaml", yaml)
    #expect(answer.status == 422)
    #expect(answer[header: "Content-Type"] == "application/problem+json")
    let errors = try #require(answer.body["errors"]?.list)
    #expect(errors.count == 2)
    #expect(errors.allSatisfy { $0["file"] == "bad.yaml" && $0["code"] == "RL1003" })
    #expect(Set(errors.compactMap { $0["line"]?.integer }) == [3, 4])
    #expect(errors.contains { $0["pointer"] == "/spec/colour" })
  }

  @Test(
    arguments: [
      ("not: [closed", "application/yaml", 400), ("{", "application/json", 400),
      ("{\"a\":1,\"a\":2}", "application/json", 400), ("{}", "text/plain", 415),
      ("{}", "application/json; charset=latin1", 415), ("a: &x 1\nb: *x", "application/yaml", 422),
      ("", "application/yaml", 400),
    ])
  func `bad bodies are refused by what is wrong with them`(
    body: String, type: String, status: Int
  ) async throws {
    let answer = try await call(.post, "/v2/apply", body, type: type)
    #expect(answer.status == status)
    #expect(answer.body["status"]?.integer == Int64(status))
  }

  @Test func `a body over the limit is refused`() async throws {
    let answer = try await call(.post, "/v2/apply", String(repeating: "#", count: (1 << 20) + 1))
    #expect(answer.status == 413)
    #expect(answer.body["code"] == "RL2413")
  }

  @Test(
    arguments: [
      "/v2/organizations", "/v2/organizations/acme", "/v2/changes", "/v2/agents", "/v2/proxies",
      "/v2/workloads", "/v2/watch", "/v2/organizations/acme/status",
      "/v2/proxies/east/node/config",
    ])
  func `without a valid token there is only a challenge`(path: String) async throws {
    try await apply()
    for value in [nil, "Bearer rlt_0", "Basic YTpi", "Bearer "] {
      let headers = value.map { ["Authorization": $0] } ?? [:]
      let answer = try await call(.get, path, headers: headers, signedIn: false)
      #expect(answer.status == 401)
      #expect(answer[header: "WWW-Authenticate"]?.hasPrefix("Bearer") == true)
      #expect(answer.body["code"] == "RL2401")
    }
  }

  @Test(
    arguments: [
      (HTTPRequest.Method.delete, "/v2/apply", "POST, OPTIONS"),
      (.post, "/v2/organizations/acme", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
      (.put, "/v2/changes", "GET, HEAD, OPTIONS"), (.post, "/", "GET, HEAD, OPTIONS"),
    ])
  func `a method that means nothing there is answered with those that do`(
    method: HTTPRequest.Method, path: String, allow: String
  ) async throws {
    let answer = try await call(method, path)
    #expect(answer.status == 405)
    #expect(answer[header: "Allow"] == allow)
    let options = try await call(.options, path)
    #expect(options.status == 204)
    #expect(options[header: "Allow"] == allow)
  }

  @Test(
    arguments: [
      "/v2", "/v2/", "/v2/nothing", "/v2/organizations/acme/nothing/x", "/v2/organizations//",
      "/v2/changes/0", "/v2/changes/99999999999999999999", "/../etc/passwd", "/nothing.js",
      "/v2/organizations/acme/clusters/east/nothing", "//v2/organizations",
    ])
  func `a path that names nothing is not found`(path: String) async throws {
    #expect(try await call(.get, path).status == 404)
  }

  @Test(
    arguments: [
      "/v2/organizations?colour=red", "/v2/organizations?limit=0", "/v2/organizations?limit=501",
      "/v2/organizations?limit=1&limit=2", "/v2/organizations?continue=x",
      "/v2/organizations?labelSelector==x", "/v2/organizations/acme?view=half",
      "/v2/organizations?labelSelector=a%20in%20b",
      "/v2/organizations?labelSelector=a%20notin%20(b",
      "/v2/organizations?fieldSelector=spec.colour%3Dred", "/v2/organizations?fields=a..b",
      "/v2/changes?continue=x",
    ])
  func `a query that means nothing is refused`(path: String) async throws {
    try await apply()
    #expect(try await call(.get, path).status == 400)
  }

  @Test func `a client that accepts no JSON is told so`() async throws {
    let answer = try await call(.get, "/v2/organizations", headers: ["Accept": "text/csv"])
    #expect(answer.status == 406)
    let fine = try await call(
      .get, "/v2/organizations", headers: ["Accept": "text/csv;q=0.5, application/*"])
    #expect(fine.status == 200)
  }

  @Test func `an unchanged object is not sent again`() async throws {
    try await apply()
    #expect(try await call(.get, tenant, headers: ["If-None-Match": "\"1\""]).status == 304)
    #expect(try await call(.get, tenant, headers: ["If-None-Match": "\"2\""]).status == 200)
    let full = try await call(.get, "\(tenant)?view=full", headers: ["If-None-Match": "\"1\""])
    #expect(full.status == 200)
    #expect(full[header: "ETag"] == nil)
    #expect(full.body["status"]?["state"] == "ACCEPTED")
  }

  @Test func `lists go on where they stopped`() async throws {
    try await apply()
    for name in ["a", "b"] {
      let body = "{metadata: {labels: {name: \(name)}}, spec: {}}"
      _ = try await call(.put, "/v2/organizations/acme/tenants/\(name)", body)
    }
    let first = try await call(.get, "/v2/organizations/acme/tenants?limit=2")
    let next = try #require(first.body["continue"]?.string)
    for item in first.body["items"]?.list ?? [] {
      let fqn = try #require(item[["metadata", "fqn"]]?.string)
      #expect(try await call(.get, "/v2/\(fqn)").body == item)
    }
    let second = try await call(.get, "/v2/organizations/acme/tenants?limit=2&continue=\(next)")
    #expect(second.body["items"]?.list?.map { $0["metadata"]?["name"] } == ["t"])
    #expect(second.body["continue"] == nil)
    let selected = try await call(
      .get,
      "/v2/organizations/acme/tenants?labelSelector=name%20in%20(a,x),!old&fields=metadata.name")
    #expect(selected.body["items"]?.list == [["metadata": ["name": "a"]]])
    let named = try await call(
      .get, "/v2/organizations/acme/tenants?fieldSelector=metadata.name%3Db")
    #expect(named.body["items"]?.list?.count == 1)
    // The pages go on showing what the first one showed.
    _ = try await call(.delete, "/v2/organizations/acme/tenants/t")
    let past = try await call(.get, "/v2/organizations/acme/tenants?limit=2&continue=\(next)")
    #expect(past.body["items"]?.list?.map { $0["metadata"]?["name"] } == ["t"])
    let other = Continuation99.text
    let gone = try await call(.get, "/v2/organizations/acme/tenants?limit=2&continue=\(other)")
    #expect(gone.status == 410)
  }

  /// Of a database that has come further than this one.
  private enum Continuation99 {
    static let text = "OTkKYQ"
  }

  @Test func `health and the dashboard answer without a token, everything with its headers`()
    async throws
  {
    for path in ["/livez", "/readyz", "/", "/app.js", "/style.css", "/openapi.json"] {
      let answer = try await call(.get, path, signedIn: false)
      #expect(answer.status == 200, "\(path)")
      #expect(answer[header: "X-Content-Type-Options"] == "nosniff")
      #expect(answer[header: "Content-Security-Policy"]?.contains("frame-ancestors 'none'") == true)
      #expect(answer[header: "Access-Control-Allow-Origin"] == nil)
    }
    let page = try await call(.get, "/", signedIn: false)
    #expect(page[header: "Content-Security-Policy"]?.contains("trusted-types 'none'") == true)
    let tag = try #require(page[header: "ETag"])
    let again = try await call(.get, "/", headers: ["If-None-Match": tag], signedIn: false)
    #expect(again.status == 304)
    let description = try await call(.get, "/openapi.json", signedIn: false)
    #expect(description.body["paths"]?["/v2/apply"]?["post"] != nil)
  }

  @Test func `a token for a cluster comes with the line that uses it`() async throws {
    try await apply()
    let answer = try await call(.post, "/v2/organizations/acme/clusters/east/tokens")
    #expect(answer.status == 201)
    let token = try #require(answer.body["token"]?.string)
    #expect(answer.body["command"]?.string?.contains(token) == true)
    let missing = try await call(.post, "/v2/organizations/acme/clusters/west/tokens")
    #expect(missing.status == 404)
  }

  // MARK: The manners of the API

  private static let tenantU = """
    {apiVersion: api.rialto.mesh/v2, kind: Tenant, metadata: {name: u, organization: acme}}
    """

  @Test func `a request sent twice under one key is done once`() async throws {
    try await apply()
    let tenants = "/v2/organizations/acme/tenants"
    let key = ["Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"]
    let first = try await call(.post, tenants, Self.tenantU, headers: key)
    let second = try await call(.post, tenants, Self.tenantU, headers: key)
    #expect(first.status == 201 && second.status == 201 && first.body == second.body)
    #expect(first[header: "Idempotency-Replayed"] == nil)
    #expect(second[header: "Idempotency-Replayed"] == "true")
    #expect(second[header: "Location"] == first[header: "Location"])
    let another = try await call(.post, "/v2/apply", ManagementFixture.tree, headers: key)
    #expect(another.status == 422 && another.body["code"] == "RL2416")
    // What is not done is not remembered.
    let dry = ["Idempotency-Key": "dry"]
    _ = try await call(.post, "/v2/apply?dryRun=true", ManagementFixture.tree, headers: dry)
    let written = try await call(.post, "/v2/apply", ManagementFixture.tree, headers: dry)
    #expect(written.status == 200 && written.body["dryRun"] == false)
  }

  @Test func `a trace goes on through the API, and begins there otherwise`() async throws {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    let answer = try await call(
      .get, "/v2/organizations/acme", headers: ["traceparent": "00-\(trace)-00f067aa0ba902b7-01"])
    #expect(answer.status == 404 && answer.body["traceId"] == .string(trace))
    let response = try #require(answer[header: "traceresponse"])
    #expect(response.hasPrefix("00-\(trace)-") && response.hasSuffix("-01"))
    #expect(!response.contains("00f067aa0ba902b7"))
    for bad in ["", "00-\(trace)-0000000000000000-01", "ff-\(trace)-00f067aa0ba902b7-01", "x"] {
      let fresh = try await call(.get, "/livez", headers: ["traceparent": bad])
      #expect(fresh[header: "traceresponse"]?.contains(trace) == false)
    }
  }

  @Test func `who sends too much is told when to come again`() async throws {
    let api = api { $0.rateLimit = RateLimit(perSecond: 0.001, burst: 3) }
    let key = try await fixture.operations.issueAdministratorKey()
    let answers = try await api.application(credentials: nil).test(.router) { client in
      var answers: [(status: Int, headers: HTTPFields)] = []
      for _ in 0..<4 {
        try await client.execute(
          uri: "/v2/organizations", method: .get, headers: [.authorization: "Bearer \(key.text)"]
        ) { answers.append(($0.status.code, $0.headers)) }
      }
      // Health is nobody's.
      try await client.execute(uri: "/livez", method: .get) {
        answers.append(($0.status.code, $0.headers))
      }
      return answers
    }
    #expect(answers.map(\.status) == [200, 200, 200, 429, 200])
    #expect(
      answers[3].headers[.retryAfter].flatMap { Int($0) }.map { (1...1000).contains($0) } == true)
    let name = try #require(HTTPField.Name("RateLimit"))
    #expect(answers[0].headers[name]?.hasPrefix("\"default\";r=2;t=") == true)
    #expect(answers[4].headers[name] == nil)
  }

  @Test func `where preconditions are demanded, a change without one is refused`() async throws {
    try await apply()
    let api = api { $0.demandsPreconditions = true }
    let body = "{metadata: {description: d}}"
    let refused = try await call(.put, tenant, body, at: api)
    #expect(refused.status == 428 && refused.body["code"] == "RL2428")
    #expect(try await call(.delete, "\(tenant)?cascade=true", at: api).status == 428)
    #expect(
      try await call(.put, tenant, body, headers: ["If-Match": "\"1\""], at: api).status == 200)
    #expect(
      try await call(.put, "/v2/organizations/acme/tenants/new", "{spec: {}}", at: api).status
        == 201)
  }

  @Test func `too large a header and too long a path are answered`() async throws {
    let header = try await call(
      .get, "/livez", headers: ["X-Large": String(repeating: "x", count: 20_000)])
    #expect(header.status == 431 && header.body["code"] == "RL2431")
    let many = Dictionary(uniqueKeysWithValues: (0..<120).map { ("X-\($0)", "x") })
    #expect(try await call(.get, "/livez", headers: many).status == 431)
    let path = try await call(.get, "/v2/" + String(repeating: "x", count: 9_000))
    #expect(path.status == 414 && path.body["code"] == "RL2417")
  }

  @Test func `a token can be asked for without getting one`() async throws {
    try await apply()
    let path = "/v2/organizations/acme/clusters/east/tokens"
    let dry = try await call(.post, "\(path)?dryRun=true")
    #expect(dry.status == 200 && dry.body["token"] == nil)
    #expect(try await call(.post, path, headers: ["Idempotency-Key": "k"]).status == 400)
  }
}
