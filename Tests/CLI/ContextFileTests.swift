import FoundationEssentials
import ManagementClient
import Testing

@Suite struct `Contexts` {
  private let context = ClientContext(
    name: "demo", server: "https://198.18.0.1:8443",
    certificateAuthority: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    token: "rlt \"#: x", organization: "acme", tenant: nil)

  @Test func `what is written is read back, and only its owner may read it`() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/new/config.yaml"
    let file = ContextFile(current: "demo", contexts: [context])
    try file.write(path: path)
    #expect(try ContextFile.read(path: path) == file)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
    #expect(mode.map { "\($0)" } == "\(0o600)")
    try ContextFile(current: nil, contexts: []).write(path: path)
    #expect(try ContextFile.read(path: path).contexts.isEmpty)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/new") == ["config.yaml"])
  }

  @Test func `a link to the file stays one`() throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("dotfiles")
    let (file, link) = ("\(folder.path)/dotfiles/rialto.yaml", "\(folder.path)/config.yaml")
    try ContextFile(current: nil, contexts: [named("a")]).write(path: file)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
    try ContextFile(current: nil, contexts: [named("b")]).write(path: link)
    #expect(try ContextFile.read(path: file).contexts.map(\.name) == ["b"])
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == file)
    // Nothing is left of the draft.
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/dotfiles").count == 1)
  }

  @Test(arguments: [0o640, 0o604, 0o644, 0o660])
  func `a file that others may read is refused`(_ mode: Int) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/config.yaml"
    try ContextFile(current: nil, contexts: [context]).write(path: path)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    #expect(throws: ContextFile.Failure.unsafe(path: path, mode: String(mode, radix: 8))) {
      try ContextFile.read(path: path)
    }
  }

  @Test func `what is missing is missing, and a folder is no file`() throws {
    let folder = try TemporaryFolder()
    #expect(throws: ContextFile.Failure.missing(path: "\(folder.path)/none")) {
      try ContextFile.read(path: "\(folder.path)/none")
    }
    #expect(
      throws: ContextFile.Failure.unreadable(path: folder.path, reason: "it is no ordinary file")
    ) {
      try ContextFile.read(path: folder.path)
    }
  }

  @Test(
    arguments: [
      ("", "empty"), ("a: [", "no valid YAML"), ("- x\n", "an object is expected"),
      ("contexts: []\nmore: 1\n", "more: unknown field"), ("current: x\n", "a list of contexts"),
      ("contexts: [{name: a}]\n", "contexts[0].server: this field is required"),
      (
        "contexts: [{name: a, server: b, certificateAuthority: c, token: 5}]\n",
        "contexts[0].token: text is expected"
      ),
      (
        "contexts: [{name: a, server: b, certificateAuthority: c, token: d}, "
          + "{name: a, server: b, certificateAuthority: c, token: d}]\n", "a name is there twice"
      ),
    ] as [(String, String)])
  func `a malformed file says where`(_ text: String, _ message: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(text, to: "config.yaml")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    let failure = #expect(throws: ContextFile.Failure.self) { try ContextFile.read(path: path) }
    guard case .malformed(_, let problems) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(problems.contains { $0.contains(message) }, "\(problems)")
  }

  @Test func `a context prints without its token`() {
    #expect(!"\(context) \(String(reflecting: context))".contains("rlt"))
    var dumped = ""
    dump(context, to: &dumped)
    #expect(!dumped.contains("rlt"))
  }

  @Test(
    arguments: [
      (nil, ["RIALTO_CONFIG": "/e", "XDG_CONFIG_HOME": "/x", "HOME": "/h"], "/e"),
      ("/f", ["RIALTO_CONFIG": "/e"], "/f"),
      (nil, ["XDG_CONFIG_HOME": "/x", "HOME": "/h"], "/x/rialto/config.yaml"),
      (nil, ["XDG_CONFIG_HOME": "relative", "HOME": "/h"], "/h/.config/rialto/config.yaml"),
      (nil, ["RIALTO_CONFIG": "", "HOME": "/h"], "/h/.config/rialto/config.yaml"),
    ] as [(String?, [String: String], String)])
  func `a flag goes before the environment, that before the usual place`(
    _ flag: String?, _ environment: [String: String], _ expected: String
  ) throws {
    let selection = ContextSelection(file: flag, context: nil, environment: environment)
    #expect(try selection.path() == expected)
  }

  @Test func `a folder, or one above, may have a file of its own`() throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("one/two")
    try folder.makeFolder("one/.rialto")
    let file = try folder.write("", to: "one/.rialto/config.yaml")
    func path(_ place: String, _ environment: [String: String] = ["HOME": "/h"]) throws -> String {
      try ContextSelection(
        file: nil, context: nil, environment: environment, folder: "\(folder.path)/\(place)"
      ).path()
    }
    #expect(try path("one") == file && path("one/two") == file)
    #expect(try path("") == "/h/.config/rialto/config.yaml")
    #expect(try path("one", ["RIALTO_CONFIG": "/e"]) == "/e")
  }

  @Test(
    arguments: [
      (nil, [:], "a", "a"), ("b", ["RIALTO_CONTEXT": "a"], "a", "b"),
      (nil, ["RIALTO_CONTEXT": "b"], "a", "b"),
    ] as [(String?, [String: String], String?, String)])
  func `a context is chosen by flag, environment, file`(
    _ flag: String?, _ environment: [String: String], _ current: String?, _ expected: String
  ) throws {
    let file = ContextFile(current: current, contexts: ["a", "b"].map(named))
    let selection = ContextSelection(file: nil, context: flag, environment: environment)
    #expect(try selection.choose(from: file, path: "p").name == expected)
  }

  @Test func `the only context needs no choice, one of two does, an unknown one is named`() throws {
    let selection = ContextSelection(file: nil, context: nil, environment: [:])
    #expect(
      try selection.choose(from: ContextFile(current: nil, contexts: [context]), path: "p")
        == context)
    let two = ContextFile(current: nil, contexts: ["a", "b"].map(named))
    #expect(throws: ContextSelection.Failure.noContext(path: "p")) {
      try selection.choose(from: two, path: "p")
    }
    let wrong = ContextSelection(file: nil, context: "c", environment: [:])
    #expect(throws: ContextSelection.Failure.unknownContext("c", path: "p", known: ["a", "b"])) {
      try wrong.choose(from: two, path: "p")
    }
  }

  private func named(_ name: String) -> ClientContext {
    var copy = context
    copy.name = name
    return copy
  }
}
