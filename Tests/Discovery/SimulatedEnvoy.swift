import DeltaXDS
import DiscoveryProtos
import SwiftProtobuf
import Testing

/// An Envoy as far as discovery sees it, which also checks what it is sent. It asks for endpoints
/// before it acknowledges clusters, acknowledges clusters only when they are warm, asks for
/// listeners once its first clusters are warm, and for routes before it acknowledges listeners.
struct SimulatedEnvoy {
  private struct Held {
    var applied: SimulatedContent?
    /// The version of the last acknowledged response, on whatever stream.
    var acknowledged: String?
    /// A version refused alone, so that the server knows.
    var refused: String?
  }

  private struct ColdClusters {
    var nonce: String
    var missing: Set<String>
  }

  private var tables: [ResourceType: [String: Held]] = [:]
  private var asked: [ResourceType: Set<String>] = [:]
  private var isListening = false

  // Of the current stream.
  private var hasNode = false
  private var answered: [ResourceType: Set<String>] = [:]
  private var seen: Set<ResourceName> = []
  private var endpointsOwed: Set<String> = []
  private var cold: [ColdClusters] = []
  /// Asked for again after they were given up: whatever was under way may come twice.
  private var askedAgain: Set<ResourceName> = []
  private var givenUp: Set<ResourceName> = []
  private(set) var requests: [DeltaDiscoveryRequest] = []
  /// Resources that were sent, for counting.
  private(set) var received: [ResourceName] = []
  private(set) var emptyResponses = 0

  private func held(_ type: ResourceType) -> [String: Held] { tables[type] ?? [:] }

  func applied(_ type: ResourceType) -> [String: SimulatedContent] {
    held(type).compactMapValues(\.applied)
  }

  /// Whether this version was acknowledged, or refused in a way the server knows.
  func hasSettled(_ resource: Resource) -> Bool {
    let held = held(resource.name.type)[resource.name.name]
    return held?.acknowledged == resource.version || held?.refused == resource.version
  }

  func isSubscribed(to name: ResourceName) -> Bool {
    switch name.type {
    case .cluster: true
    case .listener: isListening
    default: asked[name.type, default: []].contains(name.name)
    }
  }

  // MARK: Streams

  /// A new stream: everything in flight is lost.
  mutating func connect() {
    hasNode = false
    answered = [:]
    cold = []
    askedAgain = []
    givenUp = []
    requests = []
    received = []
    emptyResponses = 0
    endpointsOwed = []
    seen = []
    for type in [ResourceType.cluster, .endpoints, .listener, .routes] {
      for (name, held) in held(type) {
        tables[type]?[name]?.refused = nil
        // A real one keeps what it applied of a refused response, but does not speak of it: when
        // it vanishes before the next stream, nobody can tell. That is out of scope here.
        if held.acknowledged == nil { tables[type]?[name] = nil }
      }
      for (name, held) in held(type) where held.applied != nil { seen.insert(.init(type, name)) }
    }
    subscribe(.cluster, names: [])
    let endpoints = asked[.endpoints, default: []]
    if !endpoints.isEmpty { subscribe(.endpoints, names: endpoints.sorted()) }
    if isListening { subscribe(.listener, names: []) }
    let routes = asked[.routes, default: []]
    if !routes.isEmpty { subscribe(.routes, names: routes.sorted()) }
  }

  mutating func takeRequest() -> DeltaDiscoveryRequest? {
    requests.isEmpty ? nil : requests.removeFirst()
  }

  private mutating func subscribe(_ type: ResourceType, names: [String]) {
    var request = DeltaDiscoveryRequest()
    if !hasNode { request.node.id = "envoy" }
    hasNode = true
    request.typeURL = type.url
    request.resourceNamesSubscribe = names
    if answered[type] == nil {
      request.initialResourceVersions = held(type).compactMapValues(\.acknowledged)
      answered[type] = Set(request.initialResourceVersions.keys)
    }
    requests.append(request)
  }

  private mutating func updateSubscription(_ type: ResourceType, to names: Set<String>) {
    let old = asked[type, default: []]
    guard names != old else { return }
    asked[type] = names
    for name in old.subtracting(names) {
      tables[type]?[name] = nil
      answered[type]?.remove(name)
      givenUp.insert(ResourceName(type, name))
    }
    for name in names.subtracting(old) where givenUp.contains(ResourceName(type, name)) {
      askedAgain.insert(ResourceName(type, name))
    }
    let added = names.subtracting(old).sorted()
    if answered[type] == nil {
      if !names.isEmpty { subscribe(type, names: names.sorted()) }
      return
    }
    var request = DeltaDiscoveryRequest()
    request.typeURL = type.url
    request.resourceNamesSubscribe = added
    request.resourceNamesUnsubscribe = old.subtracting(names).sorted()
    requests.append(request)
  }

  private mutating func acknowledge(_ type: ResourceType, _ nonce: String) {
    requests.append(
      .with {
        $0.typeURL = type.url
        $0.responseNonce = nonce
      })
  }

  // MARK: Responses

  mutating func receive(_ response: DeltaDiscoveryResponse) {
    let type = ResourceType(response.typeURL)
    if response.resources.isEmpty, response.removedResources.isEmpty { emptyResponses += 1 }
    // What it no longer asks for, it ignores.
    let upserts = response.resources.filter { isSubscribed(to: ResourceName(type, $0.name)) }
      .map { resource in
        (
          name: resource.name,
          content: SimulatedContent(text: resource.version) ?? SimulatedContent(value: -1)
        )
      }
    received += upserts.map { ResourceName(type, $0.name) }
    check(upserts, of: type)
    for upsert in upserts { seen.insert(ResourceName(type, upsert.name)) }

    if type == .cluster { endpointsOwed.formUnion(upserts.map(\.name)) }

    let offender = upserts.first { $0.content.fault != .none }
    let discardsAll = offender?.content.fault == .invalid
    var changed: [String] = []
    for upsert in upserts where !discardsAll && upsert.content.fault == .none {
      tables[type, default: [:]][upsert.name, default: Held()].applied = upsert.content
      // Until it is acknowledged nobody knows what is in force.
      tables[type]?[upsert.name]?.acknowledged = offender == nil ? upsert.content.text : nil
      tables[type]?[upsert.name]?.refused = nil
      changed.append(upsert.name)
    }
    if type == .endpoints {
      for name in response.removedResources { seen.insert(ResourceName(type, name)) }
    }
    if !discardsAll { remove(response.removedResources, of: type) }
    if let offender {
      // They come again in parts, answers as answers.
      answered[type]?.subtract(upserts.map(\.name))
      if response.resources.count == 1, response.removedResources.isEmpty {
        tables[type, default: [:]][offender.name, default: Held()].refused = offender.content.text
      }
      follow(changed, of: type)
      requests.append(
        .with {
          $0.typeURL = type.url
          $0.responseNonce = response.nonce
          $0.errorDetail.code = 13
          $0.errorDetail.message = "\(offender.name) is bad"
        })
      return
    }
    finish(changed, removed: response.removedResources, of: type, nonce: response.nonce)
  }

  private mutating func finish(
    _ changed: [String], removed: [String], of type: ResourceType, nonce: String
  ) {
    switch type {
    case .cluster:
      cold.append(ColdClusters(nonce: nonce, missing: Set(changed)))
      follow(changed, of: type)
      warm([])
    case .endpoints:
      acknowledge(type, nonce)
      warm(changed + removed)
    default:
      follow(changed, of: type)
      acknowledge(type, nonce)
    }
  }

  /// Asks for what the changed resources refer to.
  private mutating func follow(_ changed: [String], of type: ResourceType) {
    if type == .cluster { updateSubscription(.endpoints, to: Set(applied(.cluster).keys)) }
    if type == .listener {
      updateSubscription(
        .routes, to: Set(applied(.listener).values.flatMap(\.references)))
    }
  }

  private mutating func warm(_ names: [String]) {
    endpointsOwed.subtract(names)
    for index in cold.indices { cold[index].missing.subtract(names) }
    while let first = cold.first, first.missing.isEmpty {
      cold.removeFirst()
      acknowledge(.cluster, first.nonce)
      if !isListening {
        isListening = true
        subscribe(.listener, names: [])
      }
    }
  }

  /// The time for initial fetches is over. Only endpoints that it refused may be missing by then.
  mutating func timeOut() {
    for name in cold.flatMap(\.missing) {
      #expect(held(.endpoints)[name]?.refused != nil, "the endpoints of \(name) never came")
    }
    warm(cold.flatMap(\.missing))
  }

  private mutating func remove(_ names: [String], of type: ResourceType) {
    for name in names {
      if type == .cluster {
        for (route, held) in held(.routes) where held.refused == nil {
          #expect(
            held.applied?.references.contains(name) != true,
            "cluster \(name) went while \(route) refers to it")
        }
        for index in cold.indices { cold[index].missing.remove(name) }
      }
      tables[type]?[name] = nil
      answered[type]?.insert(name)
      // That there are none is an answer about endpoints, too.
      if type != .endpoints { seen.remove(ResourceName(type, name)) }
    }
    if type == .cluster || type == .listener { follow([], of: type) }
  }

  // MARK: Laws

  private mutating func check(
    _ upserts: [(name: String, content: SimulatedContent)], of type: ResourceType
  ) {
    for (name, content) in upserts {
      let held = held(type)[name]
      let isLenient = askedAgain.contains(ResourceName(type, name))
      if !isLenient, held?.acknowledged == content.text, answered[type]?.contains(name) == true {
        #expect(
          type == .endpoints && endpointsOwed.contains(name),
          "\(type.url) \(name) was sent again")
      }
      #expect(held?.refused != content.text, "\(name) was refused and is sent again")
      let isPush = !isLenient && answered[type]?.contains(name) == true
      answered[type, default: []].insert(name)
      guard type == .routes else { continue }
      for cluster in content.references {
        #expect(
          seen.contains(ResourceName(.cluster, cluster)), "\(name) mentions unsent \(cluster)")
        if isPush, applied(.cluster)[cluster] != nil {
          #expect(
            seen.contains(ResourceName(.endpoints, cluster)),
            "\(name) mentions \(cluster), whose endpoints were not sent")
        }
      }
    }
  }
}
