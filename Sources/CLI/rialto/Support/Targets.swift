import Documents
import ManagementClient
import Manifests
import Model

/// Finds the objects that the words of a command line mean.
struct Targets: Sendable {
  let session: Session
  let parents: ParentOptions

  /// The kinds of a word such as `serviceroutes`; several for `group`.
  static func kinds(_ word: String) throws -> [Kind] {
    let kinds = Manifests.kinds(named: word)
    guard kinds.isEmpty else { return kinds }
    let near = Manifests.nearestKindWord(to: word).map { "Did you mean '\($0)'? " } ?? ""
    throw Failure(
      .failed, .unknownKind, "there is no kind '\(word)'",
      advice: ForeignKinds.advice(for: word) ?? "\(near)'rialto explain' lists the kinds.")
  }

  /// `KIND NAME`, `KIND/NAME`, `KIND FQN` or an FQN alone.
  static func words(_ words: [String]) throws -> (kinds: [Kind], name: String?) {
    guard let first = words.first, words.count <= 2 else {
      throw ValidationFailure.words
    }
    if words.count == 1, let ref = ResourceRef(fqn: first) { return ([ref.kind], first) }
    if words.count == 1, let slash = first.firstIndex(of: "/") {
      return (try kinds(String(first[..<slash])), String(first[first.index(after: slash)...]))
    }
    return (try kinds(first), words.count == 2 ? words[1] : nil)
  }

  /// The one object that is meant; it need not exist when its whole path is known.
  func one(_ kinds: [Kind], _ name: String) async throws -> ResourceRef {
    if let ref = ResourceRef(fqn: name) {
      guard kinds.contains(ref.kind) else {
        throw Failure(
          .failed, .missing, "\(name) is a \(ref.kind.rawValue), not a \(kinds[0].rawValue)",
          advice: "Leave the kind out; the FQN says it.")
      }
      return ref
    }
    if kinds.count == 1, let kind = kinds.first, let ref = known(kind, name) { return ref }
    let all = try await all(kinds, view: .basic).map(\.ref)
    let found = all.filter { $0.name == name }
    guard let first = found.first else {
      if all.isEmpty { try await checkParents(of: kinds) }
      throw missing(
        kinds.map(\.rawValue).joined(separator: " or "), name, of: all.map(\.name),
        advice: "'rialto get \(kinds[0].plural)' lists them.")
    }
    guard found.count == 1 else {
      throw Failure(
        .failed, ClientCode.ambiguous.rawValue,
        ["'\(name)' is the name of several objects:"] + found.map { "  \($0.fqn)" },
        advice: "Use the FQN, or name the parents with --tenant, --workspace, --group.")
    }
    return first
  }

  /// The path of a named object when all of its parents are known.
  private func known(_ kind: Kind, _ name: String) -> ResourceRef? {
    let names = kind.ancestry.dropLast().compactMap { parents.name(of: $0, in: session.context) }
    guard names.count == kind.ancestry.count - 1,
      (names + [name]).allSatisfy({ !$0.isEmpty && !$0.utf8.contains(UInt8(ascii: "/")) })
    else { return nil }
    return ResourceRef(kind, names + [name])
  }

  /// Every object of the kinds below the known parents, sorted.
  func all(
    _ kinds: [Kind], labels: String? = nil, view: ManagementClient.View
  ) async throws -> [FoundObject] {
    var tree = TreeReader(session: session, parents: parents, view: view)
    return try await tree.objects(of: kinds, labels: labels)
  }

  /// Nothing was found: is that because a parent that was named is not there?
  func checkParents(of kinds: [Kind]) async throws {
    let above = Set(kinds.flatMap { $0.ancestry.dropLast() })
    for kind in Kind.allCases where kind != .organization && above.contains(kind) {
      guard let name = parents.name(of: kind, in: session.context) else { continue }
      var tree = TreeReader(session: session, parents: parents, view: .basic)
      let known = try await tree.objects(of: [kind], labels: nil).map(\.ref.name)
      guard !known.contains(name) else { continue }
      // Of the three kinds of groups, another one may be meant.
      if kinds.count > 1, kind.parent == .workspace { continue }
      throw missing(
        kind.rawValue, name, of: known, advice: "'rialto get \(kind.plural)' lists them.")
    }
  }
}

struct FoundObject: Sendable {
  var ref: ResourceRef
  var document: Document
}

extension ResourceRef {
  /// `serviceroute/orders`, as commands print what they did.
  var shortText: String { "\(kind.rawValue.lowercased())/\(name)" }
}

enum ValidationFailure {
  /// Neither a kind nor an FQN, or too many words.
  static var words: Failure {
    Failure(
      .usage, .unknownKind, "KIND, KIND NAME or an FQN is expected",
      advice: "For example: rialto get serviceroutes, or rialto get sr orders.")
  }
}
