import Documents
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Operations
import RestAPI
import Testing

/// An answer with its body read.
struct Answer: Sendable {
  var status: Int
  var headers: HTTPFields
  var body: Document

  subscript(header name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
}

/// Calls the API of a fixture as its administrator, without a socket.
struct Client {
  let fixture: ManagementFixture

  func callAsFunction(
    _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil,
    type: String = "application/yaml", headers: [String: String] = [:]
  ) async throws -> Answer {
    let api = RestAPI(
      operations: fixture.operations,
      settings: RestAPI.Settings(host: "127.0.0.1", port: 0, hosts: []),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let key = try await fixture.operations.issueAdministratorKey()
    var fields: HTTPFields = [.authorization: "Bearer \(key.text)"]
    if body != nil { fields[.contentType] = type }
    for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
    let sent = fields
    return try await api.application(credentials: nil).test(.router) { client in
      try await client.execute(
        uri: path, method: method, headers: sent, body: body.map(ByteBuffer.init(string:))
      ) { response in
        Answer(
          status: response.status.code, headers: response.headers,
          body: (try? JSONParser.document(from: Array(response.body.readableBytesView))) ?? .null)
      }
    }
  }
}
