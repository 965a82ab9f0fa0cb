/// A host, `*.` and the end of hosts, or `*`.
package struct HostPattern: Hashable, Sendable {
  package var text: String

  package init(text: String) { self.text = text }

  package func matches(_ host: String) -> Bool {
    if text == "*" { return true }
    guard text.utf8.starts(with: "*.".utf8) else { return text == host }
    return host.utf8.count >= text.utf8.count
      && host.utf8.suffix(text.utf8.count - 1).elementsEqual(text.utf8.dropFirst())
  }
}
