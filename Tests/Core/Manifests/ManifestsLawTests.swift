import Documents
import Model
import TestSupport
import Testing

@testable import Manifests

@Suite struct `Manifests laws` {
  @Test(arguments: Samples.all)
  func `what is printed is read back as the same manifest`(_ text: String) throws {
    let first = try manifest(text)
    let printed = Manifests.yaml(first.document)
    let second = try manifest(printed)
    #expect(second.document == first.document)
    #expect(second.spec == first.spec)
    #expect(Manifests.yaml(second.document) == printed)
  }

  @Test(arguments: Samples.all)
  func `JSON is read back as the same manifest`(_ text: String) throws {
    let first = try manifest(text)
    let read = Manifests.read(first.document.canonicalJSON, format: .json)
    #expect(read.value.map(\.document) == [first.document])
  }

  @Test(arguments: Samples.all)
  func `a stored manifest means what the text meant`(_ text: String) throws {
    let first = try manifest(text)
    let stored = Manifests.resource(
      from: first.document, ref: first.ref, revision: Revision(7), created: Revision(3))
    #expect(stored.value == first.resource(revision: Revision(7), created: Revision(3)))
    #expect(!stored.hasErrors)
  }

  @Test func `every text is quoted so that it stays the same`() throws {
    let texts = [
      "", " ", "a", "yes", "No", "null", "~", "1", "1.10", "010", "0x1f", "1e5", "12:30",
      "2001-01-01",
      "true", "- a", "a: b", "a #b", "#a", "*a", "&a", "!a", "%a", "@a", "`a", "'", "\"", "\\", "|",
      ">",
      "a\nb", "a\r\nb", "\t", "é", "e\u{301}", "\u{85}", "\u{2028}", "\u{feff}", "<<", "=", "y",
      "10s",
      "?", "[", "{a}", "a ", "..", "---", "...", ".5", "+1", "1_000", "\u{7f}", "\u{1F600}",
    ]
    let document: Document = .list(
      texts.map { .string($0) } + [.object(["y": 1, "1": .string("x"), "a b": nil])])
    let read = Manifests.document(fromYAML: Array(Manifests.yaml(document).utf8))
    #expect(read.diagnostics.map(\.text) == [])
    let value = try #require(read.value)
    #expect(value.canonicalJSON == document.canonicalJSON)
  }

  @Test(.laborious, arguments: 0..<200)
  func `random documents survive printing`(_ seed: UInt64) throws {
    var generator = Generator(state: seed)
    let document = generator.document(depth: 4)
    let text = Manifests.yaml(document)
    let read = Manifests.document(fromYAML: Array(text.utf8))
    #expect(read.diagnostics.map(\.text) == [])
    #expect((read.value ?? .null).canonicalJSON == document.canonicalJSON, "\(text)")
  }

  /// Decision: changing any field changes some output, or the field says that it has no effect.
  @Test(arguments: Kind.allCases)
  func `changing a field changes what is meant, or the field says that it does not`(
    _ kind: Kind
  ) throws {
    let samples = try Samples.all.map(manifest).filter { $0.ref.kind == kind }
    var seen: Set<String> = []
    for sample in samples {
      let spec = try #require(sample.document["spec"])
      for change in changes(of: spec, kind.spec, at: "") {
        seen.insert(change.field)
        var document = sample.document.object ?? [:]
        document["spec"] = change.result
        let changed = Manifests.resource(
          from: .object(document), ref: sample.ref, revision: Revision(0), created: Revision(0))
        let isSame =
          changed.value == sample.resource()
          && Manifests.isDeletionProtected(.object(document)) == sample.isProtected
        #expect(
          !isSame || change.effect == .notYetEffective,
          "\(kind) \(change.field): \(change.result.canonicalText)")
      }
    }
    #expect(leaves(of: kind.spec, at: "").subtracting(seen).sorted() == [])
  }
}

private struct Change {
  let field: String
  let effect: Field.Effect
  let result: Document
}

/// The paths of all fields that hold no object and take effect.
private func leaves(of shape: Shape, at path: String) -> Set<String> {
  var found: Set<String> = []
  for field in shape.fields where field.effect == .takesEffect {
    let inner = "\(path).\(field.name)"
    if let shape = field.type.shape {
      found.formUnion(leaves(of: shape, at: inner))
    } else {
      found.insert(inner)
    }
  }
  return found
}

/// The document with one leaf changed, for every leaf.
private func changes(of document: Document, _ shape: Shape, at path: String) -> [Change] {
  guard case .object(let members) = document else { return [] }
  return shape.fields.flatMap { field -> [Change] in
    guard field.effect == .takesEffect, let value = members[field.name] else { return [] }
    return changes(of: value, field.type, field.effect, at: "\(path).\(field.name)").map { change in
      var changed = members
      changed[field.name] = change.result
      return Change(field: change.field, effect: change.effect, result: .object(changed))
    }
  }
}

private func changes(
  of value: Document, _ type: FieldType, _ effect: Field.Effect, at path: String
) -> [Change] {
  func leaf(_ result: Document) -> [Change] {
    [Change(field: path, effect: effect, result: result)]
  }
  switch type {
  case .text:
    let text = value.string ?? ""
    let special = [
      "./*": "shop/*", "reset": "503", "http": "https",
      "traffic.outbound.egress": "traffic.outbound.reachability",
    ]
    return leaf(.string(special[text] ?? "\(text)x"))
  case .boolean: return leaf(.bool(!(value.bool ?? false)))
  case .integer(let range):
    let number = value.integer ?? 0
    return leaf(.integer(number < range.upperBound ? number + 1 : number - 1))
  case .number, .anything: return []
  case .duration: return leaf("77s")
  case .choice(let words): return leaf(.string(words.first { $0 != value.string } ?? ""))
  case .list(let element, _):
    let elements = value.list ?? []
    return elements.indices.flatMap { index in
      changes(of: elements[index], element, effect, at: path).map { change in
        var changed = elements
        changed[index] = change.result
        return Change(field: change.field, effect: change.effect, result: .list(changed))
      }
    }
  case .map(_, let inner):
    let members = value.object ?? [:]
    return members.keys.sorted().flatMap { key in
      changes(of: members[key] ?? .null, inner, effect, at: path).map { change in
        var changed = members
        changed[key] = change.result
        return Change(field: change.field, effect: change.effect, result: .object(changed))
      }
    }
  case .object(let shape): return changes(of: value, shape, at: path)
  }
}

/// SplitMix64, so that a seed is a test.
private struct Generator {
  var state: UInt64

  mutating func next(below bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Int((z ^ (z >> 31)) % UInt64(bound))
  }

  mutating func text() -> String {
    let pieces = [
      "a", "1", " ", ":", "-", "#", "\n", "'", "\"", "\\", "é", "{", "x", ".", ",", "0", "\t",
    ]
    return (0..<next(below: 6)).map { _ in pieces[next(below: pieces.count)] }.joined()
  }

  mutating func document(depth: Int) -> Document {
    switch next(below: depth == 0 ? 5 : 7) {
    case 0: return .null
    case 1: return .bool(next(below: 2) == 0)
    case 2: return .integer(Int64(next(below: 2000)) - 1000)
    case 3, 4: return .string(text())
    case 5: return .list((0..<next(below: 4)).map { _ in document(depth: depth - 1) })
    default:
      var members: [String: Document] = [:]
      for _ in 0..<next(below: 4) { members[text()] = document(depth: depth - 1) }
      return .object(members)
    }
  }
}
