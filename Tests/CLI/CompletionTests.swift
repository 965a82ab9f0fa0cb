import ArgumentParser
import Documents
import ManagementClient
import Model
import Testing

@testable import rialto

@Suite struct `Completion` {
  @Test(arguments: CompletionCommand.Shell.allCases)
  func `scripts know the commands, and ask for live names`(_ shell: CompletionCommand.Shell) {
    let script = CompletionCommand.script(for: shell)
    #expect(script.contains("apply") && script.contains("---completion"))
  }

  @Test(
    arguments: [
      (["rialto", "get", "sr"], ["rialto", "get", "sr"]),
      (["rialto", "get", "--tenant", "web", "sr"], ["rialto", "get", "sr"]),
      (["rialto", "--watch", "-o=json", "get", "-f", "-", "x"], ["rialto", "get", "x"]),
    ])
  func `options and their values are no words of the command`(
    _ words: [String], _ plain: [String]
  ) {
    #expect(CommandWords(words).plain == plain)
  }

  @Test func `parents that were written narrow down what is offered`() {
    let words = CommandWords(["get", "--tenant", "web", "--workspace=shop", "sr"])
    let parents = words.parents()
    #expect(parents.tenant == "web" && parents.workspace == "shop" && parents.group == nil)
    #expect(words.parents(above: [.workspace]).workspace == nil)
  }

  @Test func `the server of the written context is asked`() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/config.yaml"
    let selection = CommandWords(["get", "--config", path]).selection(["RIALTO_CONFIG": "/other"])
    #expect(try selection.path() == path)
  }
}
