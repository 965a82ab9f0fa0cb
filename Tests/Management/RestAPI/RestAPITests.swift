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
  private let fixture: ManagementFixture

  init() throws { fixture = try ManagementFixture() }

  /// An answer with its body read.
  private struct Answer {
    var status: Int
    var headers: HTTPFields
    var body: Document
    subscript(header name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
  }

  private func api(hosts: [String] = []) -> RestAPI {
    RestAPI(
      operations: fixture.operations,
      settings: RestAPI.Settings(host: "127.0.0.1", port: 0, hosts: hosts),
      checks: [RestAPI.ReadinessCheck(name: "test") { true }],
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func call(
    _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil,
    type: String? = "application/yaml", headers: [String: String] = [:], signedIn: Bool = true
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
    let application = try api().application(credentials: nil)
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
    let second = try await call(.get, "/v2/organizations/acme/tenants?limit=2&continue=\(next)")
    #expect(second.body["items"]?.list?.map { $0["metadata"]?["name"] } == ["t"])
    #expect(second.body["continue"] == nil)
    let selected = try await call(
      .get, "/v2/organizations/acme/tenants?labelSelector=name%3Da")
    #expect(selected.body["items"]?.list?.count == 1)
    _ = try await call(.delete, "/v2/organizations/acme/tenants/a")
    let gone = try await call(.get, "/v2/organizations/acme/tenants?limit=2&continue=\(next)")
    #expect(gone.status == 410)
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
}
