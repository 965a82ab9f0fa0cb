import Model

/// Finds the workspaces, or groups, whose selectors might select a namespace, without looking at
/// the others.
struct SelectorIndex {
  private var exact: [String: Set<ResourceRef>] = [:]
  /// By what stands before the `*`.
  private var prefixes: [String: Set<ResourceRef>] = [:]
  /// How many prefixes have which length in bytes.
  private var lengths: [Int: Int] = [:]

  mutating func insert(_ ref: ResourceRef, _ term: NamespaceSelector.Term) {
    guard let prefix = term.prefix else {
      exact[term.namespace, default: []].insert(ref)
      return
    }
    if prefixes[prefix] == nil { lengths[prefix.utf8.count, default: 0] += 1 }
    prefixes[prefix, default: []].insert(ref)
  }

  mutating func remove(_ ref: ResourceRef, _ term: NamespaceSelector.Term) {
    guard let prefix = term.prefix else {
      exact[term.namespace]?.remove(ref)
      if exact[term.namespace]?.isEmpty == true { exact[term.namespace] = nil }
      return
    }
    guard prefixes[prefix]?.remove(ref) != nil, prefixes[prefix]?.isEmpty == true else { return }
    prefixes[prefix] = nil
    let left = (lengths[prefix.utf8.count] ?? 1) - 1
    lengths[prefix.utf8.count] = left > 0 ? left : nil
  }

  /// Some of these may not select it in the cluster in question.
  func candidates(namespace: String) -> Set<ResourceRef> {
    var found = exact[namespace] ?? []
    for length in lengths.keys where length <= namespace.utf8.count {
      let prefix = String(decoding: namespace.utf8.prefix(length), as: UTF8.self)
      if let refs = prefixes[prefix] { found.formUnion(refs) }
    }
    return found
  }
}

extension NamespaceSelector.Term {
  /// What stands before the `*`; nil when the term is one name.
  fileprivate var prefix: String? {
    guard namespace.utf8.last == UInt8(ascii: "*") else { return nil }
    return String(decoding: namespace.utf8.dropLast(), as: UTF8.self)
  }
}
