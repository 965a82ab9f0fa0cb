/// How a gateway's rule changes the paths that it matches: a matched prefix is replaced, any other
/// path is replaced whole.
package struct PathRewrite: Hashable, Sendable {
  private enum Scope: Hashable {
    /// What is cut off, and what a path with it looks like before anything follows.
    case prefix(pattern: String, cut: String)
    case whole
  }

  private var scope: Scope
  private var replacement: String

  package init(of matched: TextMatch?, to replacement: String) {
    self.replacement = replacement
    switch matched ?? .prefix(text: "/") {
    case .exact, .regex: scope = .whole
    case .prefix(let prefix):
      // A slash between the new beginning and the rest: neither lost nor doubled.
      let endings = (
        prefix.utf8.last == UInt8(ascii: "/"), replacement.utf8.last == UInt8(ascii: "/")
      )
      switch endings {
      case (true, false):
        scope = .prefix(pattern: "^\(quotedForRE2(prefix))", cut: prefix)
        self.replacement += "/"
      case (false, true):
        scope = .prefix(pattern: "^\(quotedForRE2(prefix))/?", cut: prefix + "/")
      default: scope = .prefix(pattern: "^\(quotedForRE2(prefix))", cut: prefix)
      }
    }
  }

  /// RE2 for what is replaced of a path.
  package var pattern: String {
    switch scope {
    case .prefix(let pattern, _): pattern
    case .whole: "^.*$"
    }
  }

  /// What it is replaced by, in which a backslash introduces a group.
  package var substitution: String {
    replacement.map { $0 == "\\" ? "\\\\" : String($0) }.joined()
  }

  package enum Origin {
    case anything
    case nothing
    case path(TextMatch)
  }

  /// Which paths meet `condition` once they are rewritten. A regular expression is taken to concern
  /// the path as the client sent it, because it cannot be turned around.
  package func origin(of condition: TextMatch) -> Origin {
    switch (scope, condition) {
    case (_, .regex): return .path(condition)
    case (.whole, .exact(let text)): return text == replacement ? .anything : .nothing
    case (.whole, .prefix(let text)): return begins(replacement, text) ? .anything : .nothing
    case (.prefix(_, let cut), .exact(let text)):
      return rest(of: text).map { .path(.exact(text: cut + $0)) } ?? .nothing
    case (.prefix(_, let cut), .prefix(let text)):
      if begins(replacement, text) { return .anything }
      return rest(of: text).map { .path(.prefix(text: cut + $0)) } ?? .nothing
    }
  }

  private func rest(of text: String) -> String? {
    begins(text, replacement)
      ? String(decoding: text.utf8.dropFirst(replacement.utf8.count), as: UTF8.self) : nil
  }

  private func begins(_ text: String, _ prefix: String) -> Bool {
    text.utf8.starts(with: prefix.utf8)
  }
}

/// `text` as a regular expression that matches it and nothing else.
package func quotedForRE2(_ text: String) -> String {
  text.map { "\\.+*?()|[]{}^$".contains($0) ? "\\\($0)" : String($0) }.joined()
}
