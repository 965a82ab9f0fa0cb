import Documents
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Operations
import RestAPI
import TestSupport
import Testing

/// Requests that nobody would write: whatever they are, the answer is one of ours.
@Suite struct `Random requests` {
  @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6])
  func `every answer keeps the rules of the API`(seed: UInt64) async throws {
    let fixture = try ManagementFixture()
    try await fixture.apply(ManagementFixture.tree)
    let token = try await fixture.operations.issueAdministratorKey().text
    let api = RestAPI(
      operations: fixture.operations,
      settings: RestAPI.Settings(host: "127.0.0.1", port: 0, hosts: []),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    var requests = RandomRequests(seed: seed, token: token)
    let sent = (0..<300).map { _ in requests.next() }
    try await api.application(credentials: nil).test(.router) { client in
      for request in sent {
        try await client.execute(
          uri: request.path, method: request.method, headers: request.headers,
          body: request.body.map(ByteBuffer.init(bytes:))
        ) { response in
          check(request, response, token: token)
        }
      }
    }
  }

  private func check(_ request: RandomRequests.Request, _ response: TestResponse, token: String) {
    let what = "\(request.method.rawValue) \(request.path)"
    let status = response.status.code
    let body = Array(response.body.readableBytesView)
    #expect(status < 500 || status == 503, "\(what): \(status)")
    #expect(response.headers[.xContentTypeOptions] == "nosniff", "\(what)")
    #expect(!String(decoding: body, as: UTF8.self).contains(token), "\(what)")
    if status == 405 { #expect(response.headers[.allow] != nil, "\(what)") }
    if status == 401 { #expect(response.headers[.wwwAuthenticate] != nil, "\(what)") }
    if request.method == .head || status == 204 || status == 304 {
      #expect(body.isEmpty, "\(what)")
    } else if status >= 400 {
      #expect(response.headers[.contentType] == "application/problem+json", "\(what)")
      let problem = try? JSONParser.document(from: body)
      #expect(problem?["status"]?.integer == Int64(status), "\(what)")
      #expect(problem?["code"]?.string?.hasPrefix("RL") == true, "\(what)")
    }
  }
}

/// Requests made of known pieces, of pieces that are nearly known and of noise.
private struct RandomRequests {
  struct Request: Sendable {
    var method: HTTPRequest.Method
    var path: String
    var headers: HTTPFields
    var body: [UInt8]?
  }

  private var random: SplitMix64
  private let token: String

  init(seed: UInt64, token: String) {
    random = SplitMix64(seed: seed)
    self.token = token
  }

  private static let methods: [HTTPRequest.Method] = [
    .get, .get, .get, .head, .options, .post, .put, .patch, .delete, .trace,
  ]

  /// Not the event stream: it never ends.
  private static let paths = [
    "/", "/livez", "/readyz", "/openapi.json", "/app.js", "/v2/apply", "/v2/changes",
    "/v2/changes/1", "/v2/agents", "/v2/workloads", "/v2/proxies", "/v2/proxies/east/n/config",
    "/v2/organizations", "/v2/organizations/acme", "/v2/organizations/acme/status",
    "/v2/organizations/acme/tenants", "/v2/organizations/acme/tenants/t",
    "/v2/organizations/acme/clusters/east", "/v2/organizations/acme/tenants/t/workspaces",
  ]

  private static let queries = [
    "", "", "limit=1", "limit=-1", "limit=99999999999999999999", "continue=%00", "view=full",
    "dryRun=true", "dryRun=", "cascade=true", "labelSelector=a%3Db", "labelSelector=%ff,,!",
    "file=..%2F..%2Fetc", "a=b&a=b", "&&==&", "limit=1&limit=2", "%", "%zz=%zz",
  ]

  private static let values = [
    "application/json", "application/yaml", "application/merge-patch+json", "text/plain", "*/*",
    "\"1\"", "\"", "W/\"1\"", "*", "", "Bearer", "Bearer \u{e9}", "gzip", "-1", "99999999999999",
  ]

  private static let names: [HTTPField.Name] = [
    .accept, .contentType, .ifMatch, .ifNoneMatch, .authorization, .contentEncoding, .range,
  ]

  private static let bodies = [
    "", "{}", "[]", "null", "{\"spec\":{}}", "{\"spec\":null}", "{\"a\":1,\"a\":2}", "&a [*a, *a]",
    "kind: Tenant\nmetadata: {name: t, organization: acme}\napiVersion: api.rialto.mesh/v2\n",
    "kind: Nothing", "- - - -", "{\"metadata\":{\"name\":\"../x\"}}", "---\n---\n", "a: !!binary x",
    "{\"spec\":{\"deletionProtectionEnabled\":\"yes\"}}", "\u{feff}{}",
  ]

  mutating func next() -> Request {
    let method = pick(Self.methods)
    var headers: HTTPFields = [:]
    if chance(8) { headers[.authorization] = "Bearer \(token)" }
    if chance(5) { headers[.contentType] = pick(["application/json", "application/yaml"]) }
    if chance(2) { headers[pick(Self.names)] = pick(Self.values) }
    let query = pick(Self.queries)
    let path = mutated(pick(Self.paths)) + (query.isEmpty ? "" : "?\(query)")
    let body = chance(5) ? mutated(Array(pick(Self.bodies).utf8)) : nil
    return Request(method: method, path: path, headers: headers, body: body)
  }

  private mutating func mutated(_ path: String) -> String {
    guard chance(4) else { return path }
    // What may stand in a request line; everything else never comes as far as the API.
    let noise = ["/", "//", "..", "%2e", "%00", "a", "_", "-", "~", ";", ":", "@", "%C3%A9", "1"]
    var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let index = Int.random(in: 1..<parts.count, using: &random)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: parts.remove(at: index)
    case 1: parts.insert(pick(noise), at: index)
    case 2: parts[index] += pick(noise)
    default: parts[index] = String(repeating: pick(noise), count: 40)
    }
    let text = parts.joined(separator: "/")
    return text.hasPrefix("/") && !text.hasPrefix("/v2/watch") ? text : "/\(text)"
  }

  private mutating func mutated(_ body: [UInt8]) -> [UInt8] {
    guard chance(4), !body.isEmpty else { return body }
    var body = body
    let index = Int.random(in: 0..<body.count, using: &random)
    switch Int.random(in: 0..<3, using: &random) {
    case 0: body.remove(at: index)
    case 1: body[index] = UInt8.random(in: .min ... .max, using: &random)
    default: body += Array(repeating: body[index], count: 5_000)
    }
    return body
  }

  private mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int.random(in: values.indices, using: &random)]
  }

  /// `tenths` of ten times.
  private mutating func chance(_ tenths: Int) -> Bool {
    Int.random(in: 0..<10, using: &random) < tenths
  }
}
