import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Testing

@testable import rialto

@Suite struct `Failures` {
  private static func refused(_ status: Int) -> ClientError {
    .refused(ProblemDetails(status: status, code: "RL2400", title: "t", detail: "d"))
  }

  @Test(
    arguments: [
      (refused(400), 1), (refused(404), 1), (refused(422), 1), (refused(500), 1), (refused(409), 5),
      (refused(412), 5), (refused(401), 6), (refused(403), 6),
      (.unreachable(server: "s", reason: "r"), 7),
      (.timedOut(server: "s"), 7), (.unintelligible("x"), 1), (.unusableContext("x"), 1),
    ] as [(ClientError, Int32)])
  func `the exit status says what went wrong`(_ error: ClientError, _ status: Int32) async throws {
    let words = Words()
    let code = await #expect(throws: ExitCode.self) {
      try await Failure.reported(doing: "do it", to: words.terminal) { throw error }
    }
    #expect(code?.rawValue == status)
    #expect(words.notes.count == 1 && words.notes[0].split(separator: "\n").count == 3)
    #expect(words.data.isEmpty)
  }

  @Test func `an error is what happened, why, and what to do`() throws {
    let failure = try #require(
      Failure(ClientError.unreachable(server: "https://x:1", reason: "refused")))
    #expect(
      failure.text(doing: "get sr\u{1b}[2J") == """
        error: cannot get sr\\u{1b}[2J (RL3003)
          https://x:1: refused
          Is the server running, and is it the right one? 'rialto config view' shows it.
        """)
  }

  @Test func `errors of the command line are left to its parser`() async {
    await #expect(throws: ValidationError.self) {
      try await Failure.reported(doing: "x", to: Words().terminal) { throw ValidationError("no") }
    }
  }

  @Test func `every problem of a refusal is a line with its place`() throws {
    let document: Document = [
      "code": "RL1003", "detail": "no",
      "errors": [
        [
          "severity": "error", "code": "RL1003", "file": "a.yaml", "line": 3, "column": 5,
          "path": "spec.x",
          "detail": "unknown field",
        ],
        ["severity": "warning", "code": "RL1050", "detail": "old"],
        [
          "severity": "error", "code": "RL1007", "subject": "organizations/acme",
          "detail": "missing",
        ],
      ],
    ]
    let failure = try #require(
      Failure(ClientError.refused(ProblemDetails(status: 422, body: document))))
    #expect(
      failure.reasons == [
        "a.yaml:3:5: spec.x: unknown field (RL1003)", "organizations/acme: missing (RL1007)",
      ])
  }

  @Test func `the exit codes have a page`() throws {
    let page = try HelpTopicCommand.text(["exit-codes"])
    for status in ExitStatus.allCases { #expect(page.contains("\(status.rawValue) ")) }
    #expect(try HelpTopicCommand.text(["cluster", "add"]).contains("rialto cluster add"))
    #expect(throws: ValidationError.self) { try HelpTopicCommand.text(["nothing"]) }
  }

  @Test(arguments: ClientCode.allCases)
  func `every code of the client is explained, and no other has it`(_ code: ClientCode) throws {
    #expect(try ExplainCommand.explanation(code.rawValue).text.contains(code.explanation))
    #expect(ServerCode.explanation(of: code.rawValue) == nil)
  }

  @Test func `explaining needs no server`() async throws {
    let words = Words()
    try await ExplainCommand.asyncParse([]).run(to: words.terminal)
    #expect(words.data.contains("serviceRoute"))
    #expect(throws: Failure.self) { try ExplainCommand.explanation("RL9999") }
    #expect(try ExplainCommand.explanation("RL1042").text.contains("100"))
  }

  @Test func `programs can read explanations too`() async throws {
    func explained(_ arguments: [String]) async throws -> String {
      let words = Words()
      try await ExplainCommand.asyncParse(arguments).run(to: words.terminal)
      return words.data
    }
    let field = try JSONParser.document(
      from: Array(try await explained(["oidc.spec", "-o", "json"]).utf8))
    let secret = field["fields"]?.list?.first { $0["name"] == "secret" }
    #expect(field["path"] == "oidc.spec" && secret?["secret"] == true)
    #expect(secret?["required"] == true && secret?["notYetEffective"] == true)
    let code = try await explained(["RL1042", "-o", "jsonpath={.code}"])
    #expect(code == "RL1042\n")
    let kinds = try await explained(["--no-headers", "--columns", "short", "--sort-by", "short"])
    #expect(kinds.split(separator: "\n").contains("sr"))
    #expect(try await explained(["-o", "name"]).contains("serviceRoute\n"))
  }

  @Test(
    arguments: [
      ("60s", .seconds(60)), ("250ms", .milliseconds(250)), ("1.5m", .seconds(90)),
      ("2h", .seconds(7200)),
      ("5", .seconds(5)), ("", nil), ("s", nil), ("-1s", nil), ("1d", nil), ("1e9h", nil),
      ("nan", nil), ("25h", nil),
    ] as [(String, Duration?)])
  func `timeouts are a number and a unit`(_ text: String, _ expected: Duration?) {
    #expect(DurationArgument(argument: text)?.duration == expected)
  }

  @Test func `tables line up, and show no control bytes`() {
    var table = Table(headings: ["A", "LONG"])
    table.rows = [["x\u{1b}[0m", "1"], ["é", "2"]]
    #expect(table.text(hidesHeadings: false) == "A           LONG\nx\\u{1b}[0m  1\né           2\n")
    #expect(table.text(hidesHeadings: true) == "x\\u{1b}[0m  1\né           2\n")
  }

  @Test func `the wrong number of words is a usage error`() async {
    await #expect(throws: (any Error).self) { try await DeleteCommand.asyncParse([]) }
    await #expect(throws: (any Error).self) {
      try await WaitCommand.asyncParse(["sr", "x", "--for", "nothing"])
    }
    await #expect(throws: (any Error).self) { try await ChangesCommand.asyncParse(["0"]) }
    await #expect(throws: (any Error).self) { try await ApplyCommand.asyncParse([]) }
    #expect(Rialto.exitCode(for: ValidationError("x")).rawValue == ExitStatus.usage.rawValue)
  }
}
