import Documents
import Model
import Publication
import Storage
import Testing

@testable import RestAPI

@Suite struct `News of the mesh` {
  private let publication = Publication()

  private func proxy(_ nodeID: String, healthy: Bool = true) -> ProxyState {
    ProxyState(
      nodeID: nodeID, role: "sidecar", namespace: "shop", service: "orders",
      serviceAccount: "orders", labels: [:], version: "1", envoyVersion: "1", connected: true,
      healthy: healthy, acknowledgedGeneration: 1, toldGeneration: 1, lastChange: 0,
      platform: "vm", hostName: "h")
  }

  private func proxies(in events: [ServerSentEvent]) throws -> Document? {
    try events.first { $0.name == "proxies" }.map {
      try JSONParser.document(from: Array($0.data.utf8))
    }
  }

  private func names(_ list: Document?) -> [String] {
    (list?.list ?? []).compactMap { $0["nodeID"]?.string }
  }

  @Test func `who comes first hears everything, and then what differs`() throws {
    publication.connected(cluster: "east", version: "1")
    publication.report(cluster: "east", full: true, proxies: [proxy("a"), proxy("b")], removed: [])
    let news = MeshNews(publication)
    let first = try news.events(after: 0)
    #expect(first.events.map(\.name) == ["agents", "proxies"])
    #expect(names(try proxies(in: first.events)?["upserts"]) == ["a", "b"])
    #expect(try news.events(after: first.number).events.isEmpty)

    publication.report(
      cluster: "east", full: false, proxies: [proxy("b", healthy: false)], removed: ["a"])
    let second = try news.events(after: first.number)
    let told = try proxies(in: second.events)
    #expect(names(told?["upserts"]) == ["b"] && names(told?["removals"]) == ["a"])
    #expect(told?["removals"]?.list?.first?["cluster"] == "east")
    // One who comes now hears nothing of those that are gone.
    let late = try proxies(in: try news.events(after: 0).events)
    #expect(names(late?["upserts"]) == ["b"] && late?["removals"] == [])
  }

  @Test func `one that comes back is not gone`() throws {
    publication.connected(cluster: "east", version: "1")
    publication.report(cluster: "east", full: true, proxies: [proxy("a")], removed: [])
    let news = MeshNews(publication)
    let start = try news.events(after: 0).number
    publication.report(cluster: "east", full: false, proxies: [], removed: ["a"])
    _ = try news.events(after: start)
    publication.report(cluster: "east", full: false, proxies: [proxy("a")], removed: [])
    let told = try proxies(in: try news.events(after: start).events)
    #expect(names(told?["upserts"]) == ["a"] && told?["removals"] == [])
  }

  @Test func `the way of a change is news once for each step of it`() throws {
    let change = StoredChange(revision: Revision(3), committedAt: 0, actor: "ann", steps: [])
    let news = MeshNews(publication)
    let first = try #require(news.progress(of: change, after: 0))
    #expect(first.event.name == "propagation")
    #expect(news.progress(of: change, after: first.number) == nil)
    publication.set(problems: [], of: "organizations/acme")
    // Something has happened, and not to this change.
    #expect(news.progress(of: change, after: first.number) == nil)
    publication.publish(revisions: 1...3, [:])
    let second = try #require(news.progress(of: change, after: first.number))
    #expect(second.event.data.contains("\"isCompiled\":true"))
  }

  @Test func `a text is made once for all who are told it`() {
    let texts = EventTexts()
    var made = 0
    for _ in 0..<3 {
      let text = texts.text(.object(revision: 7, step: 0, isAfter: true)) {
        made += 1
        return ["a": 1]
      }
      #expect(text == "{\"a\":1}")
    }
    #expect(made == 1)
    for revision in 0..<20_000 {
      _ = texts.text(.summary(revision: Int64(revision))) { .integer(Int64(revision)) }
    }
    _ = texts.text(.object(revision: 7, step: 0, isAfter: true)) {
      made += 1
      return ["a": 1]
    }
    #expect(made == 2)
  }
}
