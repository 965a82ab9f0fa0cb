/// One place in which two documents differ.
package struct DocumentChange: Hashable, Sendable {
  /// Where it is afterwards; of what is gone, where it was.
  package var path: FieldPath
  /// nil: was not there.
  package var before: Document?
  /// nil: is gone.
  package var after: Document?

  package init(path: FieldPath, before: Document?, after: Document?) {
    self.path = path
    self.before = before
    self.after = after
  }
}

extension Document {
  /// Everything in which this document differs from `before`, in the order of the fields. Elements of
  /// lists are told apart by their names where they have names, else by their places.
  package func changes(from before: Document) -> [DocumentChange] {
    var found: [DocumentChange] = []
    Self.compare(before, self, at: FieldPath(), &found)
    return found
  }

  private static func compare(
    _ before: Document?, _ after: Document?, at path: FieldPath, _ found: inout [DocumentChange]
  ) {
    if before == after { return }
    switch (before, after) {
    case (.object(let old)?, .object(let new)?):
      for key in Set(old.keys).union(new.keys).sorted() {
        compare(old[key], new[key], at: path / key, &found)
      }
    case (.list(let old)?, .list(let new)?):
      if let oldNames = names(of: old), let newNames = names(of: new) {
        compareNamed((old, oldNames), (new, newNames), at: path, &found)
      } else {
        for index in 0..<max(old.count, new.count) {
          compare(
            index < old.count ? old[index] : nil, index < new.count ? new[index] : nil,
            at: path[index], &found)
        }
      }
    case (let old, let new):
      found.append(DocumentChange(path: path, before: old, after: new))
    }
  }

  private static func compareNamed(
    _ old: (elements: [Document], names: [String]), _ new: (elements: [Document], names: [String]),
    at path: FieldPath, _ found: inout [DocumentChange]
  ) {
    let places = Dictionary(zip(old.names, old.elements.indices)) { first, _ in first }
    for (index, name) in new.names.enumerated() {
      compare(places[name].map { old.elements[$0] }, new.elements[index], at: path[index], &found)
    }
    let kept = Set(new.names)
    for (index, name) in old.names.enumerated() where !kept.contains(name) {
      compare(old.elements[index], nil, at: path[index], &found)
    }
  }

  /// nil unless every element has a name of its own.
  private static func names(of elements: [Document]) -> [String]? {
    let names = elements.compactMap { $0["name"]?.string }
    return names.count == elements.count && Set(names).count == names.count ? names : nil
  }
}
