/// Why a database cannot be used. A failing statement throws GRDB's own error instead.
package enum DatabaseOpeningError: Error, CustomStringConvertible {
  /// Another process has it open.
  case inUse(path: String)
  /// The file cannot be created or locked; `errno`.
  case file(path: String, errno: Int32)
  /// Written by a newer release: `found` migrations, of which this one knows `known`.
  case newer(path: String, found: Int, known: Int)
  case migrating(name: String, cause: any Error)
  /// SQLite does not sync every commit, so an acknowledged write could be lost.
  case notDurable(path: String)

  package var description: String {
    switch self {
    case .inUse(let path): "\(path) is in use by another process"
    case .file(let path, let errno): "\(path) cannot be opened (errno \(errno))"
    case .newer(let path, let found, let known):
      "\(path) was written by a newer release (version \(found), this one knows \(known))"
    case .migrating(let name, let cause): "migration \(name) failed: \(cause)"
    case .notDurable(let path): "\(path) does not sync every commit"
    }
  }
}
