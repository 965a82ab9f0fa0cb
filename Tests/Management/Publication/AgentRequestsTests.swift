import Publication
import Testing

@Suite(.timeLimit(.minutes(3))) struct AgentRequestsTests {
  let publication = Publication(now: { 0 })

  @Test func `a request fails at once when no agent is connected`() async {
    await #expect(throws: AgentRequestError.notConnected(cluster: "east")) {
      try await publication.inspect(cluster: "east", nodeID: "n")
    }
  }

  @Test func `an answer finds the one who asked`() async throws {
    let requests = publication.requests(of: "east")
    async let answer = publication.inspect(cluster: "east", nodeID: "n")
    for await case .inspect(let id, "n") in requests {
      // An agent can answer only what it was asked.
      publication.answered(cluster: "west", id: id, .inspection([9]))
      publication.answered(cluster: "east", id: id, .inspection([1, 2]))
      break
    }
    #expect(try await answer == [1, 2])
  }

  @Test func `a token is redacted where it is printed`() {
    #expect(!"\(WorkloadToken(text: "secret", expiresAt: 1))".contains("secret"))
  }

  @Test func `a request ends when its agent goes away`() async throws {
    let publication = publication
    try await withThrowingTaskGroup(of: Void.self) { group in
      let requests = publication.requests(of: "east")
      group.addTask {
        await #expect(throws: AgentRequestError.notConnected(cluster: "east")) {
          try await publication.inspect(cluster: "east", nodeID: "n")
        }
      }
      for await _ in requests { break }
      // The next agent takes over.
      _ = publication.requests(of: "east")
      try await group.waitForAll()
    }
  }

  @Test func `a cancelled request ends`() async {
    let requests = publication.requests(of: "east")
    let publication = publication
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await #expect(throws: CancellationError.self) {
          try await publication.inspect(cluster: "east", nodeID: "n")
        }
      }
      for await _ in requests { break }
      group.cancelAll()
    }
  }
}
