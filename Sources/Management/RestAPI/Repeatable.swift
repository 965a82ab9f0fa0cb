import Crypto
import Documents
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Operations
import Storage

/// What a write is answered with, as a value that can be kept.
struct WriteAnswer: Sendable {
  var status = HTTPResponse.Status.ok
  var headers: [String: String] = [:]
  var document: Document

  var response: Response { Response(stored) }

  var stored: Store.Answer {
    Store.Answer(status: status.code, headers: headers, body: document.canonicalJSON)
  }
}

extension Response {
  fileprivate init(_ answer: Store.Answer) {
    var fields: HTTPFields = [.contentType: "application/json"]
    for (name, value) in answer.headers {
      if let name = HTTPField.Name(name) { fields[name] = value }
    }
    self.init(
      status: HTTPResponse.Status(code: answer.status), headers: fields,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
  }
}

/// A write that may carry an `Idempotency-Key`: sent again, it is answered as it was the first time
/// and not done again, for a day and across restarts.
struct Repeatable {
  private let key: String?
  private let request: [UInt8]

  init(_ call: Call, _ text: Operations.Text? = nil) throws {
    key = try call.mode == .write ? call.idempotencyKey : nil
    var hasher = SHA256()
    for part in [call.request.method.rawValue, call.request.head.path ?? ""] {
      hasher.update(data: Array(part.utf8) + [0])
    }
    hasher.update(data: text?.bytes ?? [])
    request = Array(hasher.finalize())
  }

  /// - Parameter remembering: the answer that is kept; the same as the work's.
  func answer(
    _ work: (Once?) async throws -> WriteAnswer,
    remembering: @escaping @Sendable (WriteResult) -> WriteAnswer
  ) async throws -> Response {
    let once = key.map { key in
      Once(key: key, request: request) { remembering($0).stored }
    }
    do { return try await work(once).response } catch let known as Store.Answered {
      var response = Response(known.answer)
      if let name = HTTPField.Name("Idempotency-Replayed") { response.headers[name] = "true" }
      return response
    }
  }
}
