import DeltaXDS
import DiscoveryProtos
import SwiftProtobuf

/// A session whose requests and responses are written down, one line each.
struct Scripted {
  var session: DeltaSession
  private(set) var view: View
  private(set) var lines: [String] = []
  /// Responses without their nonces.
  private(set) var sent: [String] = []
  private(set) var outstanding: [(type: ResourceType, nonce: String)] = []
  private(set) var events: [DeliveryEvent] = []

  static let types: [(short: String, type: ResourceType)] = [
    ("CDS", .cluster), ("EDS", .endpoints), ("SDS", .secret), ("LDS", .listener),
    ("RDS", .routes),
  ]

  init(view: View, settings: DiscoverySettings = .init()) {
    self.view = view
    session = DeltaSession(nodeID: "envoy", view: view, settings: settings)
  }

  mutating func ask(
    _ type: ResourceType, _ names: [String] = [], dropping: [String] = [],
    having versions: [String: String] = [:]
  ) throws {
    var request = DeltaDiscoveryRequest()
    request.typeURL = type.url
    request.resourceNamesSubscribe = names
    request.resourceNamesUnsubscribe = dropping
    request.initialResourceVersions = versions
    let asked =
      (names.isEmpty ? [] : ["+" + names.joined(separator: ",")])
      + (dropping.isEmpty ? [] : ["-" + dropping.joined(separator: ",")])
    let having = versions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    lines.append((["→", short(type)] + asked + having).joined(separator: " "))
    try record(session.receive(request))
  }

  mutating func acknowledge(_ type: ResourceType, _ nonce: String) throws {
    try record(answer(type, nonce, "ACK") { _ in })
  }

  /// One request, as a relay makes it.
  mutating func exchange(
    _ request: DeltaDiscoveryRequest
  ) throws -> [DeltaDiscoveryResponse] {
    let actions = try session.receive(request)
    try record(actions)
    return try actions.compactMap { action in
      guard case .send(let frame) = action else { return nil }
      return try DeltaDiscoveryResponse(serializedBytes: frame.bytes)
    }
  }

  /// Acknowledges until there is nothing left to acknowledge.
  mutating func acknowledgeAll() throws {
    while let next = outstanding.first { try acknowledge(next.type, next.nonce) }
  }

  mutating func refuse(
    _ type: ResourceType, _ nonce: String, naming rejected: [RejectedByEnvoy] = []
  ) throws {
    try record(
      answer(type, nonce, "NACK") { request in
        request.errorDetail = .rejection(of: rejected)
        request.errorDetail.message = "refused"
      })
  }

  mutating func publish(
    _ resources: [(ResourceType, String, String)], removing: [(ResourceType, String)] = []
  ) throws {
    lines.append("*")
    change(resources, removing: removing)
    try record(session.follow(view))
  }

  /// Changes the view without waking the session.
  func change(
    _ resources: [(ResourceType, String, String)], removing: [(ResourceType, String)] = []
  ) {
    view.publish(
      upserts: resources.map { type, name, version in
        Resource(name: ResourceName(type, name), version: version, body: Array(version.utf8))
      },
      removals: removing.map { ResourceName($0.0, $0.1) }, generation: view.generation + 1)
  }

  mutating func move(to view: View) throws {
    self.view = view
    try record(session.follow(view))
  }

  private mutating func answer(
    _ type: ResourceType, _ nonce: String, _ word: String,
    _ complete: (inout DeltaDiscoveryRequest) -> Void
  ) throws -> [DeltaSession.Action] {
    lines.append("→ \(short(type)) \(word) \(nonce)")
    var request = DeltaDiscoveryRequest()
    request.typeURL = type.url
    request.responseNonce = nonce
    outstanding.removeAll { $0.nonce == nonce }
    complete(&request)
    return try session.receive(request)
  }

  private mutating func record(_ actions: [DeltaSession.Action]) throws {
    for action in actions {
      switch action {
      case .report(let event): events.append(event)
      case .send(let frame):
        let response = try DeltaDiscoveryResponse(serializedBytes: frame.bytes)
        let upserts = response.resources.map { "\($0.name)=\($0.version)" }
        let gone = response.removedResources.map { "-\($0)" }
        let content = [short(frame.type)] + upserts + gone
        lines.append("  \(response.nonce) " + content.joined(separator: " "))
        sent.append(content.joined(separator: " "))
        outstanding.append((frame.type, response.nonce))
      }
    }
  }

  private func short(_ type: ResourceType) -> String {
    Self.types.first { $0.type == type }?.short ?? type.url
  }

  var transcript: String { lines.joined(separator: "\n") }
}
