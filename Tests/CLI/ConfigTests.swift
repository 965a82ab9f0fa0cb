import ArgumentParser
import ManagementClient
import Testing

@testable import rialto

@Suite struct `Config commands` {
  @Test func `contexts are shown without their secrets`() async throws {
    let file = ContextFile(
      current: "a",
      contexts: [
        ClientContext(name: "a", server: "https://x", certificateAuthority: "pem", token: "secret")
      ])
    for format in ["table", "wide", "json", "yaml", "name"] {
      let words = Words()
      try await ConfigViewCommand.asyncParse(["-o", format]).print(
        file, path: "p", nil, to: words.terminal)
      #expect(!words.data.contains("secret") && words.data.contains("a"))
    }
  }

  @Test func `another context can be made the current one`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/config.yaml"
    let contexts = ["a", "b"].map {
      ClientContext(name: $0, server: "https://x", certificateAuthority: "pem", token: "t")
    }
    try ContextFile(current: "a", contexts: contexts).write(path: path)
    try await ConfigUseContextCommand.asyncParse(["b"]).use(path: path)
    #expect(try ContextFile.read(path: path).current == "b")
    await #expect(throws: ContextSelection.Failure.self) {
      try await ConfigUseContextCommand.asyncParse(["c"]).use(path: path)
    }
  }

  private func context(_ name: String) -> ClientContext {
    ClientContext(name: name, server: "https://x", certificateAuthority: "pem", token: "t")
  }

  @Test func `a server's file becomes part of one's own`() async throws {
    let folder = try TemporaryFolder()
    let (own, other) = ("\(folder.path)/own.yaml", "\(folder.path)/other.yaml")
    try ContextFile(current: "default", contexts: [context("default")]).write(path: other)
    #expect(try await ConfigImportCommand.asyncParse([other]).take(into: own) == ["default"])
    await #expect(throws: Failure.self) {
      try await ConfigImportCommand.asyncParse([other]).take(into: own)
    }
    #expect(
      try await ConfigImportCommand.asyncParse([other, "--name", "lab"]).take(into: own) == ["lab"])
    #expect(
      try await ConfigImportCommand.asyncParse([other, "--replace"]).take(into: own) == ["default"])
    let file = try ContextFile.read(path: own)
    #expect(file.contexts.map(\.name) == ["lab", "default"] && file.current == "default")
  }

  @Test func `defaults are set and taken away`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/config.yaml"
    try ContextFile(current: "a", contexts: [context("a"), context("b")]).write(path: path)
    let selection = ContextSelection(file: path, context: nil, environment: [:])
    _ = try await ConfigSetCommand.asyncParse(["--tenant", "web", "--org", "acme"]).set(selection)
    #expect(try ContextFile.read(path: path).contexts.map(\.tenant) == ["web", nil])
    _ = try await ConfigSetCommand.asyncParse(["--tenant", ""]).set(selection)
    let first = try ContextFile.read(path: path).contexts[0]
    #expect(first.tenant == nil && first.organization == "acme")
    await #expect(throws: (any Error).self) { try await ConfigSetCommand.asyncParse([]) }
  }

  @Test func `a context can be forgotten`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/config.yaml"
    try ContextFile(current: "a", contexts: [context("a"), context("b")]).write(path: path)
    try await ConfigDeleteContextCommand.asyncParse(["a"]).delete(path: path)
    let file = try ContextFile.read(path: path)
    #expect(file.contexts.map(\.name) == ["b"] && file.current == nil)
  }
}
