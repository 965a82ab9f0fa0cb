import GRDB
package import Model

extension Store {
  /// Which changes.
  package struct ChangeFilter: Hashable, Sendable {
    /// This object, or something below it.
    package var below: ResourceRef?
    /// This object itself.
    package var object: ResourceRef?
    /// Some object directly in this collection.
    package var collection: String?
    package var kind: Kind?
    package var actor: String?
    /// Milliseconds since 1970.
    package var since: Int64?

    package init() {}

    fileprivate var condition: (sql: String, arguments: StatementArguments) {
      var terms: [String] = []
      var arguments: StatementArguments = []
      var steps: [String] = []
      if let below {
        // '0' follows '/'.
        steps.append("(s.fqn = ? OR (s.fqn > ? AND s.fqn < ?))")
        arguments += [below.fqn, "\(below.fqn)/", "\(below.fqn)0"]
      }
      if let object {
        steps.append("s.fqn = ?")
        arguments += [object.fqn]
      }
      if let collection {
        steps.append("s.collection = ?")
        arguments += [collection]
      }
      if let kind {
        let parents = kind.ancestry.dropLast().map { "\($0.collection)/*/" }.joined()
        steps.append("s.collection GLOB ?")
        arguments += [parents + kind.collection]
        // A name holds no slash, and `*` matches one: the number of levels tells kinds apart.
        steps.append("length(s.collection) - length(replace(s.collection, '/', '')) = ?")
        arguments += [2 * (kind.ancestry.count - 1)]
      }
      if !steps.isEmpty {
        terms.append(
          "EXISTS (SELECT 1 FROM change_step s WHERE s.revision = c.revision AND "
            + steps.joined(separator: " AND ") + ")")
      }
      if let actor {
        terms.append("c.actor = ?")
        arguments += [actor]
      }
      if let since {
        terms.append("c.committedAt >= ?")
        arguments += [since]
      }
      return (terms.map { " AND \($0)" }.joined(), arguments)
    }
  }

  /// Changes before `revision` (nil: the newest), newest first.
  package func changes(
    before revision: Revision? = nil, matching filter: ChangeFilter = ChangeFilter(), limit: Int
  ) async throws -> [StoredChange] {
    try await read { database in
      let (condition, arguments) = filter.condition
      return try Row.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT c.* FROM change c WHERE c.revision < ?\(condition)
            ORDER BY c.revision DESC LIMIT ?
            """),
        arguments: [revision?.number ?? Int64.max] + arguments + [limit]
      ).map(RowCoding.change)
    }
  }

  /// Changes after `revision`, oldest first.
  package func changes(
    after revision: Revision, matching filter: ChangeFilter = ChangeFilter(), limit: Int
  ) async throws -> [StoredChange] {
    try await read { database in
      let (condition, arguments) = filter.condition
      return try Row.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT c.* FROM change c WHERE c.revision > ?\(condition)
            ORDER BY c.revision LIMIT ?
            """),
        arguments: [revision.number] + arguments + [limit]
      ).map(RowCoding.change)
    }
  }
}
