@testable import DeltaXDS
import TestSupport
import Testing

@testable import ProxySupervisor

private func cluster(_ name: String, _ version: String) -> Resource {
  Resource(name: ResourceName(.cluster, name), version: version, body: Array(version.utf8))
}

private func response(
  _ nonce: String, _ upserts: [Resource] = [], removing removals: [ResourceName] = [],
  type: ResourceType = .cluster
) -> DeltaSubscriber.Received {
  DeltaSubscriber.Received(type: type, nonce: nonce, upserts: upserts, removals: removals)
}

private func relay(_ held: [Resource] = []) -> RelayState {
  RelayState(held: held, types: [.cluster, .listener], reserved: [workloadSecretName])
}

extension [RelayState.Action] {
  fileprivate var acknowledged: [String] {
    compactMap { if case .acknowledge(let received, _) = $0 { received.nonce } else { nil } }
  }

  fileprivate var rejected: [String] {
    flatMap { (action: RelayState.Action) -> [String] in
      guard case .acknowledge(_, let rejected) = action else { return [] }
      return rejected.map(\.name.name)
    }
  }
}

@Suite struct `The relay's account` {
  @Test func `a response is acknowledged once Envoy has decided, not before`() {
    var state = relay()
    let published = state.receive(response("1", [cluster("a", "v1")]))
    #expect(
      published == [
        .publish(upserts: [cluster("a", "v1")], removals: [], generation: state.generation)
      ])
    #expect(state.held.isEmpty)
    #expect(state.settled(state.generation - 1).acknowledged == [])
    let decided = state.settled(state.generation)
    #expect(decided.acknowledged == ["1"])
    #expect(decided.contains(.persist))
    #expect(state.held.values.map(\.version) == ["v1"])
  }

  @Test func `what Envoy has not decided about is undecided, removals too`() {
    var state = relay([cluster("a", "v1"), cluster("b", "v1")])
    _ = state.receive(
      response("1", [cluster("a", "v2")], removing: [ResourceName(.cluster, "b")]))
    state.opened()
    #expect(Set(state.undecided) == [ResourceName(.cluster, "a"), ResourceName(.cluster, "b")])
    _ = state.settled(state.generation)
    #expect(state.undecided.isEmpty)
  }

  @Test func `what Envoy refuses is reported and put back to the last good one`() {
    var state = relay([cluster("a", "v1")])
    _ = state.receive(response("1", [cluster("a", "bad"), cluster("b", "v1")]))
    let back = state.rejected(
      AcknowledgedResource(name: ResourceName(.cluster, "a"), version: "bad"), reason: "no")
    #expect(
      back == [
        .publish(upserts: [cluster("a", "v1")], removals: [], generation: state.generation)
      ])
    let decided = state.settled(state.generation)
    #expect(decided.acknowledged == ["1"])
    #expect(decided.rejected == ["a"])
    #expect(state.held[ResourceName(.cluster, "a")]?.version == "v1")
    #expect(state.held[ResourceName(.cluster, "b")]?.version == "v1")
  }

  @Test func `a refused resource without a predecessor is taken away`() {
    var state = relay()
    _ = state.receive(response("1", [cluster("a", "bad")]))
    let name = ResourceName(.cluster, "a")
    let back = state.rejected(AcknowledgedResource(name: name, version: "bad"), reason: "no")
    #expect(
      back.first == .publish(upserts: [], removals: [name], generation: state.generation))
    #expect(state.settled(state.generation).rejected == ["a"])
    #expect(state.held.isEmpty)
  }

  @Test func `what is held already is acknowledged at once and not published`() {
    var state = relay([cluster("a", "v1")])
    let actions = state.receive(response("1", [cluster("a", "v1")]))
    #expect(actions.acknowledged == ["1"])
    #expect(actions.count == 1)
  }

  @Test func `an answer with nothing new is acknowledged at once`() {
    var state = relay()
    #expect(state.receive(response("1")).acknowledged == ["1"])
  }

  @Test func `on a new stream old responses are forgotten, what was offered is not`() {
    var state = relay()
    _ = state.receive(response("1", [cluster("a", "v1")]))
    state.opened()
    // The same again, before Envoy has decided: not published twice, but waited for.
    #expect(state.receive(response("1b", [cluster("a", "v1")])).isEmpty)
    #expect(state.settled(state.generation).acknowledged == ["1b"])
  }

  @Test func `a removal is held back until Envoy has decided`() {
    var state = relay([cluster("a", "v1")])
    let name = ResourceName(.cluster, "a")
    _ = state.receive(response("1", removing: [name]))
    #expect(state.held[name] != nil)
    #expect(state.settled(state.generation).acknowledged == ["1"])
    #expect(state.held[name] == nil)
  }

  @Test func `names are answered at once and never go to Envoy`() {
    var state = relay()
    let record = Resource(name: ResourceName(.names, "orders.shop.mesh"), version: "1", body: [1])
    let actions = state.receive(response("1", [record], type: .names))
    #expect(
      actions == [
        .names, .persist, .acknowledge(response("1", [record], type: .names), rejected: []),
      ])
    #expect(relay([record]).beginning == .publish(upserts: [], removals: [], generation: 1))
  }

  @Test func `upstream cannot replace the proxy's own certificate`() {
    var state = relay()
    let forged = Resource(name: workloadSecretName, version: "1", body: [1])
    let actions = state.receive(response("1", [forged], type: .secret))
    #expect(actions == [.acknowledge(response("1", [forged], type: .secret), rejected: [])])
    #expect(state.held.isEmpty)
  }

  @Test func `it is settled when every type is answered and Envoy has decided`() {
    var state = relay()
    #expect(!state.hasConfiguration)
    _ = state.receive(response("1", [cluster("a", "v1")]))
    #expect(state.hasConfiguration)
    _ = state.settled(state.generation)
    #expect(!state.isSettled, "listeners are not answered yet")
    _ = state.receive(response("2", type: .listener))
    #expect(state.isSettled)
  }

  @Test func `from a snapshot it is settled once Envoy has taken it`() {
    var state = relay([cluster("a", "v1")])
    #expect(state.hasConfiguration)
    #expect(!state.isSettled)
    _ = state.settled(1)
    #expect(state.isSettled)
  }

  /// An upstream and an Envoy that behave at random; whatever happens, the laws hold.
  @Test(.laborious, arguments: 1...200 as ClosedRange<UInt64>)
  func `the laws hold in any order of events`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var state = relay()
    var view: [ResourceName: Resource] = [:]
    var waiting: [String: [Resource]] = [:]
    var nonce = 0
    func apply(_ actions: [RelayState.Action]) {
      for action in actions {
        switch action {
        case .publish(let upserts, let removals, _):
          for resource in upserts { view[resource.name] = resource }
          for name in removals { view[name] = nil }
        case .acknowledge(let received, let rejected):
          #expect(waiting.removeValue(forKey: received.nonce) != nil, "acknowledged once")
          for resource in received.upserts
          where !rejected.contains(where: { $0.name == resource.name }) {
            #expect(resource.version != "bad", "a refused resource counts as taken")
          }
        case .persist, .names: break
        }
      }
    }
    for step in 0..<60 {
      switch Int.random(in: 0..<6, using: &random) {
      case 0, 1, 2:
        guard waiting.isEmpty else { continue }  // one response in flight, as upstream does
        nonce += 1
        let name = ["a", "b", "c"].randomElement(using: &random) ?? "a"
        let version = Bool.random(using: &random) ? "v\(step)" : "bad"
        waiting["\(nonce)"] = [cluster(name, version)]
        apply(state.receive(response("\(nonce)", [cluster(name, version)])))
      case 3:
        for resource in view.values.sorted(by: { $0.name.name < $1.name.name })
        where resource.version == "bad" {
          apply(
            state.rejected(
              AcknowledgedResource(name: resource.name, version: "bad"), reason: "bad"))
        }
        apply(state.settled(state.generation))
        #expect(waiting.isEmpty, "everything decided is acknowledged")
        #expect(state.held == view, "held is what Envoy has")
      case 4:
        state.opened()
        waiting = [:]
      default:
        nonce += 1
        let name = ResourceName(.cluster, "a")
        guard waiting.isEmpty else { continue }
        waiting["\(nonce)"] = []
        apply(state.receive(response("\(nonce)", removing: [name])))
      }
      #expect(!state.held.values.contains { $0.version == "bad" })
    }
  }
}
