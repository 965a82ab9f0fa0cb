import ArgumentParser
import Documents
import Model
import Synchronization
import Testing

@testable import ManagementClient
@testable import rialto

@Suite struct `On a terminal` {
  @Test(
    arguments: [
      (.auto, true, [:], true), (.auto, false, [:], false),
      (.auto, true, ["NO_COLOR": "1"], false), (.auto, true, ["NO_COLOR": ""], true),
      (.auto, true, ["TERM": "dumb"], false), (.always, false, ["NO_COLOR": "1"], true),
      (.never, true, [:], false),
    ] as [(ColorChoice, Bool, [String: String], Bool)])
  func `colours are for terminals whose owner wants them`(
    _ choice: ColorChoice, _ isTerminal: Bool, _ environment: [String: String], _ isOn: Bool
  ) {
    #expect(choice.isOn(isTerminal: isTerminal, environment) == isOn)
  }

  private static let text = """
    NAME  STATE   REVISION
    shop  READY   7
    pay   FAILED  8
    + serviceroute/orders
      - a reason

    """

  @Test func `a colour stands on a word that says the same`() {
    let colored = Highlighter.colored(Self.text)
    #expect(colored.contains("\u{1b}[32mREADY\u{1b}[0m") && colored.contains("\u{1b}[31mFAILED"))
    #expect(colored.hasPrefix("\u{1b}[1mNAME"))
    var plain = colored
    for code in ["\u{1b}[1m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[0m"] {
      plain = plain.split(separator: code, omittingEmptySubsequences: false).joined()
    }
    #expect(plain == Self.text)
  }

  @Test func `what programs read is never coloured`() async throws {
    for (format, isColored) in [("json", false), ("csv", false), ("name", false), ("table", true)] {
      var (session, words) = FakeServer([:]).session()
      session.terminal.isColored = true
      let target = format == "table" || format == "csv" ? "?view=full" : ""
      session.client =
        FakeServer([
          "/v2/organizations/acme\(target)": object("organizations/acme", kind: "Organization")
        ]).session().session.client
      try await GetCommand.asyncParse(["organizations/acme", "-o", format]).run(in: session)
      #expect(words.data.utf8.contains(0x1b) == isColored, "\(format)")
    }
  }

  @Test func `what takes long is said until there is something to show`() {
    let written = Mutex("")
    let progress = Progress { text in written.withLock { $0 += text } }
    let words = Words()
    progress.begin("get all …")
    progress.ending(with: words.terminal).line("data")
    progress.begin("too late")
    progress.end()
    #expect(written.withLock { $0 } == "get all …\r\u{1b}[K" && words.data == "data\n")
  }

  @Test func `columns can be chosen, in any order and case`() throws {
    var table = Table(headings: ["NAME", "NO EFFECT YET", "AGE"])
    table.rows = [["a", "b", "c"]]
    let options = try OutputOptions.parse(["--columns", "age,no-effect-yet", "--no-headers"])
    #expect(try options.text(of: table) == "c  b\n")
    let unknown = try OutputOptions.parse(["--columns", "nam"])
    let failure = #expect(throws: Failure.self) { try unknown.text(of: table) }
    #expect(failure?.advice.contains("Did you mean 'NAME'?") == true)
    #expect(throws: Failure.self) { try OutputOptions.parse(["--sort-by", "x"]).text(of: table) }
  }

  @Test func `tracing shows calls and bodies, and no secrets`() async throws {
    let notes = Words()
    let server = FakeServer { _ in .json(["token": "hush", "command": "hush", "expiresAt": "now"]) }
    let cluster = try #require(ResourceRef(fqn: "organizations/acme/clusters/east"))
    for level in 0...2 {
      let exchange = Trace(level: level, note: notes.terminal.note)
        .around(server.exchange, to: "https://x")
      _ = try await ManagementClient(exchange: exchange).joinToken(for: cluster)
    }
    #expect(notes.notes.filter { $0.hasPrefix("> POST https://x/v2/") }.count == 2)
    #expect(notes.notes.contains { $0.contains("expiresAt") })
    #expect(!notes.notes.contains { $0.contains("hush") })
  }

  @Test func `what a difference says of a secret is not traced either`() throws {
    let document: Document = [
      "diff": [
        ["op": "replace", "path": "/spec/secret", "before": "hush", "value": "hush"],
        ["op": "replace", "path": "/spec/config/clientId", "before": "a", "value": "b"],
      ]
    ]
    let text = Trace.redacted(document).canonicalText
    #expect(!text.contains("hush") && text.contains("\"before\":\"a\""))
  }

  @Test func `deleting much is asked about, on a terminal only`() async throws {
    let rehearsal: Document = ["results": [["fqn": "organizations/acme", "action": "deleted"]]]
    func confirm(_ arguments: [String], _ answer: String?, isTerminal: Bool = true) async throws {
      var session = FakeServer([:]).session().session
      session.terminal.isWatched = true
      try await ConfirmationOptions.parse(arguments).confirm(
        in: session, isTerminal: isTerminal, answer: { answer }, { rehearsal })
    }
    try await confirm([], "y")
    try await confirm(["--yes"], nil)
    try await confirm([], nil, isTerminal: false)
    await #expect(throws: Failure.self) { try await confirm([], "") }
    await #expect(throws: Failure.self) { try await confirm([], nil) }
  }
}
