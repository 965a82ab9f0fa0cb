/// Which object: its kind and the names from the root of the tree down to it.
package struct ResourceRef: Hashable, Sendable, Comparable {
  package let kind: Kind
  /// One name per kind of `kind.ancestry`; that of an only object is its collection's.
  package let names: [String]

  /// - Precondition: one name per kind of `kind.ancestry`.
  package init(_ kind: Kind, _ names: [String]) {
    precondition(names.count == kind.ancestry.count, "one name per level of the tree")
    self.kind = kind
    self.names = names
  }

  /// `organizations/acme/tenants/t/workspaces/w`: the path of the object below `/v2/`.
  package var fqn: String {
    zip(kind.ancestry, names).map { kind, name in
      kind.isOnly ? kind.collection : "\(kind.collection)/\(name)"
    }.joined(separator: "/")
  }

  /// The object that an FQN names, or nil when it is no path through the tree.
  package init?(fqn: String) {
    let segments = fqn.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    var kind: Kind?
    var names: [String] = []
    var index = 0
    while index < segments.count {
      guard let next = Kind(collection: segments[index], below: kind) else { return nil }
      let name = next.isOnly ? next.collection : segments.dropFirst(index + 1).first ?? ""
      guard !name.isEmpty else { return nil }
      kind = next
      names.append(name)
      index += next.isOnly ? 1 : 2
    }
    guard let kind else { return nil }
    self.init(kind, names)
  }

  package var name: String { names[names.count - 1] }

  package var parent: ResourceRef? {
    kind.parent.map { ResourceRef($0, Array(names.dropLast())) }
  }

  /// This object's ancestor of a kind, itself included.
  package func ancestor(_ ancestor: Kind) -> ResourceRef? {
    guard let depth = kind.ancestry.firstIndex(of: ancestor) else { return nil }
    return ResourceRef(ancestor, Array(names[...depth]))
  }

  package func child(_ kind: Kind, _ name: String) -> ResourceRef {
    ResourceRef(kind, names + [name])
  }

  /// The only object of a kind below this one.
  package func only(_ kind: Kind) -> ResourceRef { child(kind, kind.collection) }

  /// Whether the other is this object or below it.
  package func contains(_ other: ResourceRef) -> Bool { other.ancestor(kind) == self }

  /// `ServiceRoute orders`, for messages.
  package var text: String { "\(kind.name) \(name)" }

  /// Parents first, then by name.
  package static func < (left: ResourceRef, right: ResourceRef) -> Bool {
    if left.kind != right.kind { return left.kind < right.kind }
    return left.fqn.utf8.lexicographicallyPrecedes(right.fqn.utf8)
  }
}

/// The number of an accepted change: one monotonic sequence for the whole server; 0 is before the
/// first change.
package struct Revision: Hashable, Sendable, Comparable, Codable {
  package let number: Int64
  package init(_ number: Int64) { self.number = number }
  package static func < (left: Revision, right: Revision) -> Bool { left.number < right.number }
}
