import DiscoveryProtos
import SwiftProtobuf
import Testing

@testable import DeltaXDS

@Suite struct `A delta session` {
  private static func view(_ resources: [(ResourceType, String, String)]) -> View {
    let view = View()
    view.publish(
      upserts: resources.map { type, name, version in
        Resource(name: ResourceName(type, name), version: version, body: Array(version.utf8))
      }, removals: [], generation: 1)
    return view
  }

  @Test func `the order of a starting Envoy is served and followed`() throws {
    var script = Scripted(
      view: Self.view([
        (.cluster, "a", "1"), (.cluster, "b", "1"), (.endpoints, "a", "1"),
        (.endpoints, "b", "1"), (.secret, "workload", "1"), (.listener, "web", "1"),
        (.routes, "web", "1"),
      ]))
    try script.ask(.cluster)
    try script.ask(.secret, ["workload"])
    try script.ask(.endpoints, ["a", "b"])
    try script.acknowledge(.secret, "2")
    try script.acknowledge(.cluster, "1")
    try script.ask(.listener)
    try script.acknowledge(.endpoints, "3")
    try script.ask(.routes, ["web", "unknown"])
    try script.acknowledge(.listener, "4")
    try script.acknowledge(.routes, "5")
    // A cluster with its endpoints comes before the route that needs it; what it replaces goes last.
    try script.publish(
      [
        (.cluster, "a", "2"), (.cluster, "c", "1"), (.endpoints, "c", "1"), (.routes, "web", "2"),
      ], removing: [(.cluster, "b"), (.endpoints, "b")])
    try script.ask(.endpoints, ["c"])
    try script.acknowledge(.endpoints, "7")
    try script.acknowledge(.endpoints, "8")
    try script.acknowledge(.cluster, "6")
    try script.acknowledge(.routes, "9")
    try script.ask(.endpoints, dropping: ["b"])
    try script.acknowledge(.cluster, "10")
    try script.acknowledge(.endpoints, "11")
    #expect(
      script.transcript == """
        → CDS
          1 CDS a=1 b=1
        → SDS +workload
          2 SDS workload=1
        → EDS +a,b
          3 EDS a=1 b=1
        → SDS ACK 2
        → CDS ACK 1
        → LDS
          4 LDS web=1
        → EDS ACK 3
        → RDS +web,unknown
          5 RDS web=1 -unknown
        → LDS ACK 4
        → RDS ACK 5
        *
          6 CDS a=2 c=1
          7 EDS a=1
        → EDS +c
        → EDS ACK 7
          8 EDS c=1
        → EDS ACK 8
        → CDS ACK 6
          9 RDS web=2
        → RDS ACK 9
          10 CDS -b
          11 EDS -b
        → EDS -b
        → CDS ACK 10
        → EDS ACK 11
        """)
    #expect(script.events.last == .settled(nodeID: "envoy", generation: 2))
  }

  @Test func `a change of endpoints passes everything else`() throws {
    var script = Scripted(
      view: Self.view([(.cluster, "a", "1"), (.endpoints, "a", "1"), (.routes, "web", "1")]))
    try script.ask(.cluster)
    try script.ask(.endpoints, ["a"])
    try script.ask(.routes, ["web"])
    for (type, nonce) in [(ResourceType.cluster, "1"), (.endpoints, "2"), (.routes, "3")] {
      try script.acknowledge(type, nonce)
    }
    try script.publish([(.cluster, "b", "1"), (.routes, "web", "2")])
    try script.publish([(.endpoints, "a", "2")])
    #expect(script.lines.suffix(2) == ["*", "  5 EDS a=2"])
  }

  @Test func `endpoints of a cluster that has to wait come after it`() throws {
    var script = Scripted(view: Self.view([(.cluster, "a", "1"), (.endpoints, "a", "1")]))
    try script.ask(.cluster, ["*"])
    try script.ask(.endpoints, ["*"])
    try script.acknowledgeAll()
    try script.publish([(.cluster, "b", "1"), (.endpoints, "b", "1")])
    try script.acknowledge(.endpoints, "4")
    // The one before is not acknowledged yet; endpoints of what is there do not wait.
    try script.publish([(.cluster, "c", "1"), (.endpoints, "c", "1"), (.endpoints, "a", "2")])
    #expect(script.lines.suffix(2) == ["*", "  5 EDS a=2"])
    try script.acknowledge(.endpoints, "5")
    try script.acknowledge(.cluster, "3")
    #expect(script.sent.suffix(2) == ["CDS c=1", "EDS c=1"])
    try script.acknowledgeAll()
    #expect(script.sent.last == "EDS c=1")
    #expect(script.events.last == .settled(nodeID: "envoy", generation: 3))
  }

  @Test func `endpoints of clusters that do not fit come after them`() throws {
    var settings = DiscoverySettings()
    settings.responseBytes = 40
    var script = Scripted(view: Self.view([(.cluster, "a", "1")]), settings: settings)
    try script.ask(.cluster, ["*"])
    try script.ask(.endpoints, ["*"])
    try script.acknowledgeAll()
    let names = ["b", "c", "d"]
    try script.publish(names.flatMap { [(.cluster, $0, "1"), (.endpoints, $0, "1")] })
    try script.acknowledgeAll()
    for name in names {
      let cluster = try #require(
        script.sent.firstIndex { $0.hasPrefix("CDS") && $0.contains("\(name)=") })
      let endpoints = script.sent.indices.filter {
        script.sent[$0].hasPrefix("EDS") && script.sent[$0].contains("\(name)=")
      }
      #expect(endpoints.count == 1)
      #expect(endpoints.allSatisfy { $0 > cluster })
    }
  }

  @Test func `changes merge while a response is in flight`() throws {
    var script = Scripted(view: Self.view([(.routes, "web", "1")]))
    try script.ask(.routes, ["web"])
    try script.acknowledge(.routes, "1")
    for version in ["2", "3", "4"] { try script.publish([(.routes, "web", version)]) }
    try script.acknowledge(.routes, "2")
    #expect(script.lines.suffix(2) == ["→ RDS ACK 2", "  3 RDS web=4"])
  }

  @Test func `named offenders are refused and the rest is in force`() throws {
    var script = Scripted(view: Self.view([(.cluster, "a", "1"), (.cluster, "b", "1")]))
    try script.ask(.cluster)
    let offender = RejectedByEnvoy(
      name: ResourceName(.cluster, "b"), version: "1", reason: "no such extension")
    try script.refuse(.cluster, "1", naming: [offender])
    #expect(
      script.events.dropFirst() == [
        .accepted(
          nodeID: "envoy",
          resources: [AcknowledgedResource(name: ResourceName(.cluster, "a"), version: "1")]),
        .rejected(
          nodeID: "envoy",
          resource: AcknowledgedResource(name: ResourceName(.cluster, "b"), version: "1"),
          reason: "no such extension"),
        .settled(nodeID: "envoy", generation: 1),
      ])
    try script.publish([(.cluster, "a", "2"), (.cluster, "b", "2")])
    #expect(script.lines.last == "  2 CDS a=2 b=2")
  }

  @Test func `an unnamed offender is found by halves and its version is not sent again`() throws {
    var script = Scripted(
      view: Self.view(["a", "b", "c", "d"].map { (.cluster, $0, "1") }))
    try script.ask(.cluster)
    try script.refuse(.cluster, "1")
    try script.acknowledge(.cluster, "2")
    try script.refuse(.cluster, "3")
    try script.acknowledge(.cluster, "4")
    try script.refuse(.cluster, "5")
    try script.publish([(.cluster, "a", "2")])
    #expect(
      script.transcript == """
        → CDS
          1 CDS a=1 b=1 c=1 d=1
        → CDS NACK 1
          2 CDS a=1 b=1
        → CDS ACK 2
          3 CDS c=1 d=1
        → CDS NACK 3
          4 CDS c=1
        → CDS ACK 4
          5 CDS d=1
        → CDS NACK 5
        *
          6 CDS a=2
        """)
  }

  @Test func `an unchanged return gets one empty answer per wildcard`() throws {
    var script = Scripted(
      view: Self.view([(.cluster, "a", "1"), (.endpoints, "a", "1"), (.listener, "web", "1")]))
    try script.ask(.cluster, having: ["a": "1"])
    try script.ask(.endpoints, ["a"], having: ["a": "1"])
    try script.ask(.listener, having: ["web": "1"])
    #expect(script.lines.filter { !$0.hasPrefix("→") } == ["  1 CDS", "  2 LDS"])
  }

  @Test func `what vanished meanwhile goes after what replaces it`() throws {
    var script = Scripted(view: Self.view([(.cluster, "b", "1"), (.routes, "web", "2")]))
    try script.ask(.cluster, having: ["a": "1", "b": "1"])
    try script.ask(.routes, ["web"], having: ["web": "1"])
    try script.acknowledge(.cluster, "1")
    try script.acknowledge(.routes, "2")
    #expect(
      script.lines.filter { !$0.hasPrefix("→") } == ["  1 CDS", "  2 RDS web=2", "  3 CDS -a"])
  }

  @Test(arguments: [10, 1000])
  func `a settled stream costs the same however large the view is`(services: Int) throws {
    let names = (0..<services).map { "s\($0)" }
    let types: [ResourceType] = [.cluster, .endpoints, .secret, .routes]
    var script = Scripted(
      view: Self.view(types.flatMap { type in names.map { (type, $0, "1") } }))
    for type in types { try script.ask(type, ["*"]) }
    try script.acknowledgeAll()
    #expect(script.session.entryCount == 0)
    // What came and went between two looks is not spoken of.
    let sent = script.sent
    script.change([(.routes, "s1", "2"), (.cluster, "passing", "1")])
    script.change([(.routes, "s1", "1")], removing: [(.cluster, "passing")])
    try script.publish([(.routes, "s2", "2")], removing: [(.secret, "s3")])
    try script.acknowledgeAll()
    #expect(script.sent.dropFirst(sent.count) == ["RDS s2=2", "SDS -s3"])
    #expect(script.session.entryCount == 0)
    // Another view of the same content is no news; another content is.
    let changed = names.dropFirst(4).map { (ResourceType.secret, $0, "1") } + [(.secret, "s1", "2")]
    try script.move(to: Self.view(changed))
    try script.acknowledgeAll()
    #expect(script.session.entryCount == 0)
    #expect(script.sent.contains("SDS s1=2"))
    #expect(!script.sent.dropFirst(sent.count).contains { $0.contains("s5=") })
    // Refused versions are exceptions.
    try script.publish([(.secret, "s1", "3")])
    try script.refuse(.secret, script.outstanding[0].nonce)
    #expect(script.session.entryCount == 2)
  }

  /// A relay that holds `versions` of routes, comes back, and acknowledges everything.
  private static func comeBack(
    to view: View, with versions: [(String, String)], undecided: [String] = []
  ) throws -> (script: Scripted, lists: Int) {
    var script = Scripted(view: view)
    var relay = DeltaSubscriber(
      nodeID: "envoy",
      held: versions.map { Resource(name: ResourceName(.routes, $0), version: $1, body: []) },
      undecided: undecided.map { ResourceName(.routes, $0) }, types: [.routes])
    var lists = 0
    var requests = relay.opening()
    if undecided.isEmpty { #expect(requests.first?.initialResourceVersions.count == 1) }
    while !requests.isEmpty {
      for response in try script.exchange(requests.removeFirst()) {
        if let list = relay.list(askedBy: response) {
          lists += 1
          requests.append(list)
        } else {
          requests.append(relay.acknowledgement(of: try relay.receive(response)))
        }
      }
    }
    return (script, lists)
  }

  @Test func `a relay that comes back unchanged says a digest and gets nothing`() throws {
    let names = (0..<1000).map { "r\($0)" }
    let view = Self.view(names.map { (.routes, $0, "1") })
    let (script, lists) = try Self.comeBack(to: view, with: names.shuffled().map { ($0, "1") })
    #expect(script.sent == ["RDS"])
    #expect(lists == 0)
    #expect(script.session.entryCount == 0)
    #expect(script.events.last == .settled(nodeID: "envoy", generation: 1))
  }

  @Test func `a relay whose digest differs lists what it has and gets the difference`() throws {
    let names = (0..<1000).map { "r\($0)" }
    let view = Self.view(names.map { (.routes, $0, $0 == "r7" ? "2" : "1") })
    let (script, lists) = try Self.comeBack(
      to: view, with: (names + ["gone"]).map { ($0, "1") })
    #expect(script.sent == ["RDS -rialto digest", "RDS r7=2 -gone"])
    #expect(lists == 1)
    #expect(script.session.entryCount == 0)
    #expect(script.events.last == .settled(nodeID: "envoy", generation: 1))
  }

  @Test func `a relay that waits for its Envoy claims no digest`() throws {
    let view = Self.view([(.routes, "a", "1"), (.routes, "b", "1")])
    let (script, lists) = try Self.comeBack(
      to: view, with: [("a", "1"), ("b", "1")], undecided: ["b"])
    #expect(script.sent == ["RDS b=1"])
    #expect(lists == 0)
  }

  @Test func `a digest asked about that is not followed by a list gets everything`() throws {
    var script = Scripted(view: Self.view([(.routes, "a", "1")]))
    try script.ask(.routes, ["*"], having: [ContentDigest.reservedName: "nonsense"])
    try script.publish([(.routes, "b", "1")])
    try script.acknowledgeAll()
    #expect(script.sent == ["RDS -rialto digest", "RDS a=1 b=1"])
    #expect(script.session.entryCount == 0)
  }

  @Test func `a digest does not depend on the order of changes`() throws {
    let view = Self.view([(.routes, "a", "1"), (.routes, "b", "1"), (.secret, "c", "1")])
    view.publish(
      upserts: [Resource(name: ResourceName(.routes, "c"), version: "1", body: [])],
      removals: [ResourceName(.routes, "a")], generation: 2)
    let other = Self.view([(.routes, "c", "1"), (.routes, "b", "2")])
    let digest = { (view: View) in view.read { $0.digest(.routes).text } }
    #expect(digest(view) != digest(other))
    other.publish(
      upserts: [Resource(name: ResourceName(.routes, "b"), version: "1", body: [])],
      removals: [], generation: 2)
    #expect(digest(view) == digest(other))
  }

  @Test func `who gives up the wildcard keeps what it named`() throws {
    var script = Scripted(
      view: Self.view([(.secret, "a", "1"), (.secret, "b", "1"), (.secret, "c", "1")]))
    try script.ask(.secret, ["*", "a"])
    try script.acknowledgeAll()
    try script.ask(.secret, dropping: ["*"])
    try script.publish([(.secret, "b", "2")], removing: [(.secret, "c")])
    #expect(script.sent == ["SDS a=1 b=1 c=1"])
    try script.publish([(.secret, "a", "2")])
    #expect(script.sent.last == "SDS a=2")
  }

  @Test func `who cannot be told what changed comes back`() throws {
    let view = View(logCapacity: 2)
    var session = DeltaSession(nodeID: "envoy", view: view)
    _ = try session.receive(
      .with {
        $0.typeURL = ResourceType.cluster.url
        $0.resourceNamesSubscribe = ["*"]
      })
    for version in 1...3 {
      view.publish(
        upserts: [
          Resource(name: ResourceName(.cluster, "a"), version: "\(version)", body: [])
        ], removals: [], generation: 1)
    }
    #expect(throws: DeltaSession.Violation.fellBehind) { try session.follow(view) }
  }

  /// Whatever the view holds: what is listed for it is what is on its way.
  @Test func `who comes with nothing costs what is under way`() throws {
    let types: [ResourceType] = [.cluster, .endpoints, .secret, .routes]
    let names = (0..<500).map { "s\($0)" }
    var settings = DiscoverySettings()
    settings.responseBytes = 1000
    var script = Scripted(
      view: Self.view(
        types.flatMap { type in
          // As everywhere, more endpoints than clusters go into a response.
          names.map { (type, $0, type == .cluster ? String(repeating: "1", count: 60) : "1") }
        }), settings: settings)
    for type in types { try script.ask(type, ["*"]) }
    while let next = script.outstanding.first {
      #expect(script.session.entryCount < 200)
      try script.acknowledge(next.type, next.nonce)
    }
    #expect(script.session.entryCount == 0)
    let sent = script.sent.flatMap { $0.split(separator: " ").dropFirst() }
    #expect(sent.count == types.count * names.count)
  }

  @Test(arguments: [(3, [3]), (5, [5]), (6, [3, 3]), (8, [3, 5])])
  func `a small rest goes along with what is before it`(count: Int, responses: [Int]) throws {
    let resources: [(ResourceType, String, String)] = (0..<count).map { (.secret, "s\($0)", "1") }
    let view = Self.view(resources)
    var settings = DiscoverySettings()
    settings.responseBytes = 3 * view.read { $0.bytes } / count
    var script = Scripted(view: view, settings: settings)
    try script.ask(.secret, ["*"])
    try script.acknowledgeAll()
    #expect(script.sent.map { $0.split(separator: " ").count - 1 } == responses)
    try script.publish(resources.map { ($0.0, $0.1, "2") })
    try script.acknowledgeAll()
    #expect(script.sent.map { $0.split(separator: " ").count - 1 } == responses + responses)
  }

  /// The change of a name that the walk has not come to, of one that it passed, of one that it would
  /// have come to, and a name that was not there when it began.
  @Test func `what changes while a subscriber gets everything comes once`() throws {
    var settings = DiscoverySettings()
    settings.responseBytes = 1
    var script = Scripted(
      view: Self.view(["a", "c", "e", "g"].map { (.secret, $0, "1") }), settings: settings)
    try script.ask(.secret, ["*"])
    try script.acknowledge(.secret, "1")
    try script.publish(
      [(.secret, "a", "2"), (.secret, "d", "1"), (.secret, "e", "2")], removing: [(.secret, "g")])
    try script.acknowledgeAll()
    #expect(script.sent.first == "SDS a=1")
    #expect(
      script.sent.dropFirst().sorted() == ["SDS a=2", "SDS c=1", "SDS d=1", "SDS e=2"])
    #expect(script.session.entryCount == 0)
  }

  /// What it asks for by name comes before its turn, and is refused: the walk passes it by.
  @Test func `what is refused ahead of its turn does not come again`() throws {
    var settings = DiscoverySettings()
    settings.responseBytes = 1
    var script = Scripted(
      view: Self.view(["a", "b", "c", "d"].map { (.secret, $0, "1") }), settings: settings)
    try script.ask(.secret, ["*", "c"])
    #expect(script.sent == ["SDS c=1"])
    try script.refuse(.secret, "1")
    try script.ask(.secret, dropping: ["c"])
    try script.acknowledgeAll()
    #expect(script.sent == ["SDS c=1", "SDS a=1", "SDS b=1", "SDS d=1"])
    #expect(script.session.isSettled)
    try script.publish([(.secret, "c", "2"), (.secret, "a", "2")])
    try script.acknowledgeAll()
    #expect(script.sent.dropFirst(4).sorted() == ["SDS a=2", "SDS c=2"])
    #expect(script.session.entryCount == 0)
  }

  /// Whether it kept what was on its way when it gave up the subscription nobody can tell.
  @Test func `who begins anew gets again what was under way`() throws {
    var settings = DiscoverySettings()
    settings.responseBytes = 1
    var script = Scripted(
      view: Self.view([(.secret, "a", "1"), (.secret, "b", "1")]), settings: settings)
    try script.ask(.secret, ["*"])
    try script.ask(.secret, dropping: ["*"])
    try script.ask(.secret, ["*"])
    try script.acknowledgeAll()
    #expect(script.sent == ["SDS a=1", "SDS a=1", "SDS b=1"])
  }

  @Test func `an empty view answers a wildcard and settles`() throws {
    var script = Scripted(view: View())
    try script.ask(.cluster)
    try script.acknowledge(.cluster, "1")
    #expect(script.lines == ["→ CDS", "  1 CDS", "→ CDS ACK 1"])
    #expect(script.events.last == .settled(nodeID: "envoy", generation: 0))
  }

  @Test(arguments: ResourceType.all)
  func `an explicit wildcard gets everything of any type`(type: ResourceType) throws {
    let view = View()
    view.publish(
      upserts: ["x", "y"].map {
        Resource(name: ResourceName(type, $0), version: "1", body: [])
      }, removals: [], generation: 1)
    var script = Scripted(view: view)
    try script.ask(type, ["*"])
    #expect(script.lines.last?.hasSuffix("x=1 y=1") == true)
  }

  @Test func `limits end the stream`() throws {
    var settings = DiscoverySettings()
    settings.namesPerType = 2
    settings.nameBytes = 64
    settings.types = 1
    func refusal(_ request: DeltaDiscoveryRequest) -> DeltaSession.Violation? {
      var session = DeltaSession(nodeID: "envoy", view: View(), settings: settings)
      do {
        var first = DeltaDiscoveryRequest()
        first.typeURL = "t"
        first.resourceNamesSubscribe = ["a"]
        _ = try session.receive(first)
        _ = try session.receive(request)
        return nil
      } catch { return error }
    }
    var request = DeltaDiscoveryRequest()
    #expect(refusal(request) == .missingType)
    request.typeURL = "other"
    #expect(refusal(request) == .tooManyTypes)
    request.typeURL = "t"
    request.resourceNamesSubscribe = ["b"]
    #expect(refusal(request) == nil)
    request.resourceNamesSubscribe = ["b", "c"]
    #expect(refusal(request) == .tooManyNames(type: "t"))
    request.resourceNamesSubscribe = [String(repeating: "n", count: 65)]
    #expect(refusal(request) == .nameTooLong)
  }
}
