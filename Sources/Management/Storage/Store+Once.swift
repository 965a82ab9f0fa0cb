import Documents
import Foundation
import GRDB

extension Store {
  /// How long an answer is remembered. Milliseconds.
  package static let memoryOfAnswers: Int64 = 24 * 3_600_000

  /// A request that is done once, however often it is sent.
  package struct Once: Sendable {
    /// What the client calls it; keys of different principals have nothing to do with each other.
    let key: String
    /// SHA-256 of what is asked.
    let request: [UInt8]
    let answer: @Sendable (Committed) -> Answer

    /// - Parameter answer: what the client is told when it is done, and whenever it asks again.
    package init(
      key: String, request: [UInt8], answer: @escaping @Sendable (Committed) -> Answer
    ) {
      self.key = key
      self.request = request
      self.answer = answer
    }
  }

  /// What a client was told.
  package struct Answer: Hashable, Sendable {
    package var status: Int
    package var headers: [String: String]
    package var body: [UInt8]

    package init(status: Int, headers: [String: String], body: [UInt8]) {
      self.status = status
      self.headers = headers
      self.body = body
    }
  }

  /// The request was done before; this is what was answered then.
  package struct Answered: Error, Sendable {
    package let answer: Answer
  }
}

/// Remembers, in the transaction of a write, what its client is told.
struct AnswerMemory {
  let database: Database
  let principal: String
  let now: Int64

  /// - Throws: `Store.Answered` when the request was done, `StoreError.keyReused` when another was.
  func recall(_ once: Store.Once) throws {
    let row = try Row.fetchOne(
      database.cachedStatement(
        sql: "SELECT * FROM idempotency WHERE principal = ? AND key = ? AND at > ?"),
      arguments: [principal, once.key, now - Store.memoryOfAnswers])
    guard let row else { return }
    guard (row["request"] as Data).bytes == once.request else { throw StoreError.keyReused }
    throw Store.Answered(
      answer: Store.Answer(
        status: row["status"], headers: try RowCoding.labels(row["headers"]),
        body: (row["body"] as Data).bytes))
  }

  func remember(_ once: Store.Once, _ committed: Committed) throws {
    let answer = once.answer(committed)
    try database.cachedStatement(sql: "DELETE FROM idempotency WHERE at <= ?")
      .execute(arguments: [now - Store.memoryOfAnswers])
    try database.cachedStatement(
      sql: """
        INSERT INTO idempotency (principal, key, request, status, headers, body, at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      principal, once.key, once.request.data, answer.status, RowCoding.text(answer.headers),
      answer.body.data, now,
    ])
  }
}
