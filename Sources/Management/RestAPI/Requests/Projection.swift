import Documents
import Operations

/// `fields=metadata.name,spec.subsets`: the parts of an object that a client wants.
struct Projection {
  private let paths: [[String]]

  /// nil: all of it.
  init?(_ text: String?) throws {
    guard let text else { return nil }
    paths = text.split(separator: ",", omittingEmptySubsequences: false).map { path in
      path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }
    guard paths.count <= 32, paths.allSatisfy({ $0.count <= 16 && !$0.contains("") }) else {
      throw OperationError.malformed("fields is a list such as metadata.name,spec.subsets")
    }
  }

  func callAsFunction(_ document: Document) -> Document {
    paths.reduce(.object([:])) { $0.merged(with: Self.part(of: document, at: $1[...])) }
  }

  /// Lists are looked through: `spec.subsets.name` is the name of each.
  private static func part(of document: Document, at path: ArraySlice<String>) -> Document? {
    guard let first = path.first else { return document }
    switch document {
    case .object(let members):
      guard let member = members[first], let inner = part(of: member, at: path.dropFirst())
      else { return nil }
      return .object([first: inner])
    case .list(let elements):
      return .list(elements.map { part(of: $0, at: path) ?? .object([:]) })
    case .null, .bool, .integer, .number, .string: return nil
    }
  }
}

extension Document {
  /// Both, member by member; what both have has to be of one form.
  fileprivate func merged(with other: Document?) -> Document {
    switch (self, other) {
    case (_, nil): return self
    case (.object(let own), .object(let others)?):
      return .object(own.merging(others) { $0.merged(with: $1) })
    case (.list(let own), .list(let others)?) where own.count == others.count:
      return .list(zip(own, others).map { $0.merged(with: $1) })
    case (_, let other?): return other
    }
  }
}
