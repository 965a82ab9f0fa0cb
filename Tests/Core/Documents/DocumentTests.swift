import Documents
import TestSupport
import Testing

@Suite struct `Canonical JSON` {
  @Test func `keys are sorted by their bytes and nothing is superfluous`() throws {
    let document: Document = ["b": [1, true, nil], "a": ["z": "x", "é": 2]]
    #expect(document.canonicalText == #"{"a":{"z":"x","é":2},"b":[1,true,null]}"#)
  }

  @Test(arguments: [
    "line\nbreak\ttab\rreturn", "quote \" and \\ backslash", "\u{1}\u{1f}\u{7f}", "Grüße 🚂", "",
  ])
  func `text survives writing and reading`(text: String) throws {
    let document = Document.object([text: .string(text)])
    #expect(try JSONParser.document(from: document.canonicalJSON) == document)
  }

  @Test func `pretty JSON is the same document`() throws {
    let document: Document = ["a": [1, ["b": []]], "c": [:]]
    #expect(try JSONParser.document(from: Array(document.prettyJSON.utf8)) == document)
  }
}

@Suite struct `The JSON parser` {
  struct Refusal: Sendable, CustomTestStringConvertible {
    var text: String
    var line: Int
    var column: Int
    var testDescription: String { text }
  }

  @Test(arguments: [
    Refusal(text: #"{"a":1,"a":2}"#, line: 1, column: 8),
    Refusal(text: "{\n  \"a\": 1,\n  \"a\": 2\n}", line: 3, column: 3),
    Refusal(text: "{} {}", line: 1, column: 4),
    Refusal(text: "", line: 1, column: 1),
    Refusal(text: "[1,]", line: 1, column: 4),
    Refusal(text: "01", line: 1, column: 2),
    Refusal(text: "1e400", line: 1, column: 1),
    Refusal(text: #"["\ud800"]"#, line: 1, column: 9),
    Refusal(text: "[\"a\u{1}\"]", line: 1, column: 4),
    Refusal(text: "nul", line: 1, column: 1),
  ])
  func `says what is wrong and where`(refusal: Refusal) {
    do {
      let document = try JSONParser.document(from: Array(refusal.text.utf8))
      Issue.record("accepted as \(document)")
    } catch {
      #expect(error.mark == Mark(line: refusal.line, column: refusal.column), "\(error.message)")
    }
  }

  @Test func `nesting is bounded`() {
    let deep = Array(String(repeating: "[", count: 100_000).utf8)
    #expect(throws: JSONParser.Failure.self) { try JSONParser.document(from: deep) }
  }

  @Test func `invalid UTF-8 is refused`() {
    #expect(throws: JSONParser.Failure.self) {
      try JSONParser.document(from: [0x22, 0xC3, 0x28, 0x22])
    }
  }

  @Test func `members know where they begin`() throws {
    let text = "{\n  \"spec\": {\n    \"hosts\": [\"a\", \"b\"]\n  }\n}"
    let (_, marks) = try JSONParser.markedDocument(from: Array(text.utf8))
    #expect(marks[FieldPath() / "spec" / "hosts"] == Mark(line: 3, column: 5))
    #expect(marks[(FieldPath() / "spec" / "hosts")[1]] == Mark(line: 3, column: 20))
  }

  @Test(.laborious, arguments: 0..<UInt64(300))
  func `random bytes never trap`(seed: UInt64) {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    let alphabet = Array(#"{}[]",:\u0019eE+-.truefalsn  "#.utf8)
    let bytes = (0..<64).map { _ -> UInt8 in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return alphabet[Int(state % UInt64(alphabet.count))]
    }
    if let document = try? JSONParser.document(from: bytes) {
      #expect((try? JSONParser.document(from: document.canonicalJSON)) == document)
    }
  }
}

@Suite struct `The stable hash` {
  // Recorded once: versions on disks and wires of other releases depend on them.
  @Test(
    arguments: [
      ("", "21fa69a58f3d62f5"), ("a", "f870cb31f218fe2c"),
      ("outbound_.8080_._.orders.shop.mesh", "8d4dd87d7892b4ef"),
    ] as [(String, String)])
  func `never changes`(text: String, expected: String) {
    #expect(StableHash(text).text == expected)
  }

  @Test func `text form goes both ways`() {
    let hash = StableHash("orders")
    #expect(StableHash(text: hash.text) == hash)
    #expect(StableHash(text: "123") == nil)
    #expect(StableHash(shortText: hash.shortText) == hash)
    #expect(hash.shortText.utf8.count <= 13)
    for text in ["", "+5", "07", "A", "zzzzzzzzzzzzzz"] {
      #expect(StableHash(shortText: text) == nil, "\(text)")
    }
  }

  @Test func `a digest does not depend on order and forgets what is taken out`() {
    let a = StableHash("a")
    let b = StableHash("b")
    let empty = StableHash(value: 0)
    #expect(empty ^ a ^ b == empty ^ b ^ a)
    #expect(empty ^ a ^ b ^ a == empty ^ b)
    #expect(empty ^ a ^ a == empty)
  }

  @Test(
    arguments: [
      ["a": 1, "m": ["x": 1], "z": [2]], ["m": "text, with \"}{\" and \\ in it"],
      ["a": ["m": ["not": "this"]], "m": ["this": [1, ["m": 2]]]], ["l": [["m": 1]], "m": nil],
    ] as [Document])
  func `a member is replaced in the text as in the document`(_ document: Document) {
    var bytes = Array("before ".utf8)
    let isDone = CanonicalObject(text: document.canonicalText)
      .append(to: &bytes, replacing: "m") { ["was": $0] }
    var members = document.object ?? [:]
    members["m"] = ["was": members["m"] ?? .null]
    #expect(isDone)
    #expect(
      String(decoding: bytes, as: UTF8.self) == "before " + Document.object(members).canonicalText)
  }

  @Test(arguments: [["a": ["m": 1]], [:], ["a": "\"m\":1"]] as [Document])
  func `a member that is not there is not replaced`(_ document: Document) {
    var bytes: [UInt8] = []
    let isDone = CanonicalObject(text: document.canonicalText)
      .append(to: &bytes, replacing: "m") { $0 }
    #expect(!isDone && bytes.isEmpty)
  }
}
