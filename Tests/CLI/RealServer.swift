import Compiler
import Documents
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import ManagementClient
import NIOCore
import Operations
import Publication
import RestAPI
import Storage
import TestSupport

@testable import rialto

/// A server with a database of its own, asked without a socket: what it answers, it means.
struct RealServer {
  private let folder: TestSupport.TemporaryFolder
  private let operations: Operations

  init() throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    folder = try TestSupport.TemporaryFolder()
    operations = Operations(
      store: try Store(directory: folder.path), publication: Publication(),
      joining: JoinInstructions(serverURL: "https://mesh.example:9443") { $0.id },
      explanations: Explanations(
        path: { IncrementalCompiler().path(from: $0, to: $1) },
        reach: { IncrementalCompiler().explainReach(service: $0, from: $1, cluster: $2) }),
      logger: logger)
  }

  func session(
    organization: String? = nil, tenant: String? = nil
  ) async throws -> (session: Session, words: Words) {
    let api = RestAPI(
      operations: operations, settings: RestAPI.Settings(host: "127.0.0.1", port: 0, hosts: []),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let token = try await operations.issueAdministratorKey().text
    let exchange = Exchange(
      send: { try await Self.answer(to: $0, token, api) },
      // Nothing that is tested so goes on for longer than a call.
      stream: { call, _ in try await Self.answer(to: call, token, api) })
    let words = Words()
    let session = Session(
      client: ManagementClient(exchange: exchange),
      context: ClientContext(
        name: "test", server: "https://localhost:8443", certificateAuthority: "", token: token,
        organization: organization, tenant: tenant),
      terminal: words.terminal, now: { Date() }, sleep: { try await Task.sleep(for: $0) })
    return (session, words)
  }

  private static func answer(
    to call: ServerCall, _ token: String, _ api: RestAPI
  ) async throws -> ServerAnswer {
    var headers: HTTPFields = [.authorization: "Bearer \(token)"]
    headers[.contentType] = call.contentType
    for (name, value) in call.headers {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    let sent = headers
    return try await api.application(credentials: nil).test(.router) { client in
      try await client.execute(
        uri: call.target, method: HTTPRequest.Method(call.method.rawValue) ?? .get, headers: sent,
        body: call.body.isEmpty ? nil : ByteBuffer(bytes: call.body)
      ) { response in
        ServerAnswer(
          status: response.status.code, body: Array(response.body.readableBytesView))
      }
    }
  }
}
