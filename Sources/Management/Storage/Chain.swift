import Documents
import Foundation
import GRDB
package import Model

extension Store {
  /// The first row of a chain that is not what it was when it was written.
  package enum ChainDefect: Hashable, Sendable {
    case change(Revision)
    case auditEntry(Int64)
  }

  /// Reads both chains from the beginning; nil: every hash is right and no row is missing.
  ///
  /// Who owns the file can rewrite a whole chain, or cut off its end; that takes an anchor kept
  /// elsewhere to notice.
  package func verifyChains() async throws -> ChainDefect? {
    try await read { database in
      var previous = RowCoding.beginningOfChain
      var expected: Int64 = 1
      let changes = try Row.fetchCursor(database, sql: "SELECT * FROM change ORDER BY revision")
      while let row = try changes.next() {
        let hash: [UInt8] = (row["hash"] as Data).bytes
        let revision = Revision(row["revision"])
        guard revision.number == expected, (row["previous"] as Data).bytes == previous,
          let change = try? RowCoding.change(row),
          RowCoding.chained(change.canonicalRow, after: previous) == hash
        else { return .change(revision) }
        previous = hash
        expected += 1
      }
      previous = RowCoding.beginningOfChain
      expected = 1
      let entries = try Row.fetchCursor(database, sql: "SELECT * FROM audit ORDER BY number")
      while let row = try entries.next() {
        let hash: [UInt8] = (row["hash"] as Data).bytes
        let entry = AuditEntry(row)
        guard entry.number == expected, (row["previous"] as Data).bytes == previous,
          RowCoding.chained(entry.canonicalRow, after: previous) == hash
        else { return .auditEntry(entry.number) }
        previous = hash
        expected += 1
      }
      return nil
    }
  }
}

extension StoredChange {
  var canonicalRow: Document {
    var members = otherMembers
    members["steps"] = RowCoding.document(steps)
    return .object(members)
  }

  /// The JSON of `canonicalRow` around its steps, which the writer needs as text for themselves,
  /// too: their key comes last.
  func canonicalRow(steps text: String) -> [UInt8] {
    Document.object(otherMembers).canonicalJSON.dropLast() + ",\"steps\":".utf8 + text.utf8
      + [UInt8(ascii: "}")]
  }

  private var otherMembers: [String: Document] {
    [
      "revision": .integer(revision.number), "committedAt": .integer(committedAt),
      "actor": .string(actor),
    ]
  }
}

extension AuditEntry {
  init(_ row: Row) {
    self.init(
      number: row["number"], at: row["at"],
      event: AuditEvent(
        event: row["event"], actor: row["actor"], subject: row["subject"], detail: row["detail"]))
  }

  var canonicalRow: Document {
    [
      "number": .integer(number), "at": .integer(at), "event": .string(event.event),
      "actor": .string(event.actor), "subject": .string(event.subject),
      "detail": .string(event.detail),
    ]
  }
}

extension [UInt8] {
  /// As GRDB takes blobs.
  var data: Data { Data(self) }
}

extension Data {
  var bytes: [UInt8] { Array(self) }
}
