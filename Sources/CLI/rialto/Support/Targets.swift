import Documents
import ManagementClient
import Manifests
import Model

/// Finds the objects that the words of a command line mean.
struct Targets: Sendable {
  let session: Session
  let parents: ParentOptions

  /// The kinds of a word such as `serviceroutes`; several for `group`, and for `sr,gateways`.
  static func kinds(_ word: String) throws -> [Kind] {
    let parts = word.split(separator: ",")
    if parts.count > 1 {
      return Array(Set(try parts.flatMap { try Self.kinds(String($0)) })).sorted()
    }
    let kinds = Manifests.kinds(named: word)
    guard kinds.isEmpty else { return kinds }
    let near = Manifests.nearestKindWord(to: word).map { "Did you mean '\($0)'? " } ?? ""
    throw Failure(
      .failed, .unknownKind, "there is no kind '\(word)'",
      advice: ForeignKinds.advice(for: word) ?? "\(near)'rialto explain' lists the kinds.")
  }

  /// What is meant by one word, or by a kind and a name.
  struct Wanted: Sendable {
    var kinds: [Kind]
    /// nil: all of the kinds.
    var name: String?
  }

  /// `KIND NAME`, `KIND/NAME`, `KIND FQN` or an FQN alone.
  static func words(_ words: [String]) throws -> (kinds: [Kind], name: String?) {
    let wanted = try several(words)
    guard wanted.count == 1 else { throw ValidationFailure.words }
    return (wanted[0].kinds, wanted[0].name)
  }

  /// The same for more than one: `KIND NAME NAME…`, or words that are `KIND/NAME` or an FQN each.
  static func several(_ words: [String]) throws -> [Wanted] {
    guard let first = words.first else { throw ValidationFailure.words }
    if words.allSatisfy({ $0.utf8.contains(UInt8(ascii: "/")) }) {
      return try words.map { word in
        if let ref = ResourceRef(fqn: word) { return Wanted(kinds: [ref.kind], name: word) }
        let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        return Wanted(kinds: try kinds(String(parts[0])), name: String(parts[1]))
      }
    }
    guard !first.utf8.contains(UInt8(ascii: "/")) else { throw ValidationFailure.mixture(words) }
    let meant = try kinds(first)
    if words.count == 1 { return [Wanted(kinds: meant)] }
    return try words.dropFirst().map { name in
      guard ResourceRef(fqn: name) != nil || !name.utf8.contains(UInt8(ascii: "/")) else {
        throw ValidationFailure.mixture(words)
      }
      return Wanted(kinds: meant, name: name)
    }
  }

  /// Names, and nothing but names.
  ///
  /// - Parameter verb: of the command, for advice.
  static func named(_ words: [String], verb: String) throws -> [Wanted] {
    let wanted = try several(words)
    guard let nameless = wanted.first(where: { $0.name == nil }) else { return wanted }
    throw Failure(
      .usage, .missing, "a name is needed",
      advice: "For example: rialto \(verb) \(nameless.kinds[0].rawValue.lowercased()) NAME. "
        + "'rialto get \(nameless.kinds[0].plural)' lists them.")
  }

  /// The objects that are meant, each once, and what is wrong with those that are not found.
  func find(_ wanted: [Wanted]) async throws -> (refs: [ResourceRef], failures: [Failure]) {
    var listed: [[Kind]: [ResourceRef]] = [:]
    var refs: [ResourceRef] = []
    var failures: [Failure] = []
    for each in wanted {
      do {
        let ref = try await one(each.kinds, each.name ?? "", &listed)
        if !refs.contains(ref) { refs.append(ref) }
      } catch let failure as Failure { failures.append(failure) }
    }
    return (refs, failures)
  }

  /// Those of the objects that the server has, and what is wrong with the others.
  func read(
    _ wanted: [Wanted], view: ManagementClient.View
  ) async throws -> (found: [FoundObject], failures: [Failure]) {
    var (refs, failures) = try await find(wanted)
    var found: [FoundObject] = []
    for ref in refs {
      do {
        found.append(
          FoundObject(ref: ref, document: try await session.client.object(ref, view: view)))
      } catch ClientError.refused(let problem) where problem.status == 404 {
        failures.append(
          Failure(
            .failed, .missing, "there is no \(ref.kind.rawValue) '\(ref.name)' (\(ref.fqn))",
            advice: "'rialto get \(ref.kind.plural)' lists them."))
      }
    }
    return (found, failures)
  }

  /// The one object that is meant; it need not exist when its whole path is known.
  func one(_ kinds: [Kind], _ name: String) async throws -> ResourceRef {
    var listed: [[Kind]: [ResourceRef]] = [:]
    return try await one(kinds, name, &listed)
  }

  /// - Parameter listed: what there is of kinds, as far as somebody has asked.
  private func one(
    _ kinds: [Kind], _ name: String, _ listed: inout [[Kind]: [ResourceRef]]
  ) async throws -> ResourceRef {
    if let ref = ResourceRef(fqn: name) {
      guard kinds.contains(ref.kind) else {
        throw Failure(
          .failed, .missing, "\(name) is a \(ref.kind.rawValue), not a \(kinds[0].rawValue)",
          advice: "Leave the kind out; the FQN says it.")
      }
      return ref
    }
    if kinds.count == 1, let kind = kinds.first, let ref = known(kind, name) { return ref }
    let all =
      if let known = listed[kinds] { known } else { try await all(kinds, view: .basic).map(\.ref) }
    listed[kinds] = all
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
  /// Some words name a kind, and others should.
  static func mixture(_ words: [String]) -> Failure {
    Failure(
      .usage, .unknownKind,
      "'\(words.joined(separator: " "))' mixes KIND NAME with KIND/NAME",
      advice: "Write KIND NAME NAME…, or KIND/NAME and FQNs alone: rialto get ws/shop tg/all.")
  }

  /// Neither a kind nor an FQN, or too many words.
  static var words: Failure {
    Failure(
      .usage, .unknownKind, "KIND, KIND NAME or an FQN is expected",
      advice: "For example: rialto get serviceroutes, or rialto get sr orders.")
  }
}
