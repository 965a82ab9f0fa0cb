import DeltaXDS
import TestSupport

extension SplitMix64 {
  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// The content of a simulated resource. Its text is body and version.
struct SimulatedContent: Hashable {
  enum Fault: Int {
    case none
    /// An Envoy cannot build it; it applies the others of the response.
    case unbuildable
    /// It violates a constraint; an Envoy discards the whole response.
    case invalid
  }

  var value: Int
  var fault = Fault.none
  /// Clusters of a route configuration, route configurations of a listener.
  var references: [String] = []

  var text: String { "\(value)/\(fault.rawValue)/" + references.joined(separator: ",") }

  init(value: Int, fault: Fault = .none, references: [String] = []) {
    self.value = value
    self.fault = fault
    self.references = references
  }

  init?(text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, let value = Int(parts[0]), let code = Int(parts[1]),
      let fault = Fault(rawValue: code)
    else { return nil }
    self.init(
      value: value, fault: fault, references: parts[2].split(separator: ",").map(String.init))
  }

  func resource(_ type: ResourceType, _ name: String) -> Resource {
    Resource(name: ResourceName(type, name), version: text, body: Array(text.utf8))
  }
}

/// A mesh whose references always hold: routes name existing clusters, listeners existing routes.
struct SimulatedMesh {
  private(set) var tables: [ResourceType: [String: SimulatedContent]] = [
    .cluster: [:], .endpoints: [:], .listener: [:], .routes: [:],
  ]
  var faultPercent = 0

  /// One random change; what it touches, with nil for removed.
  mutating func change(
    using random: inout SplitMix64
  ) -> (upserts: [Resource], removals: [ResourceName]) {
    let before = tables
    for _ in 0..<Int.random(in: 1...3, using: &random) { mutate(using: &random) }
    var upserts: [Resource] = []
    var removals: [ResourceName] = []
    for type in [ResourceType.cluster, .endpoints, .listener, .routes] {
      let old = before[type] ?? [:]
      let new = tables[type] ?? [:]
      for (name, content) in new.sorted(by: { $0.key < $1.key }) where old[name] != content {
        upserts.append(content.resource(type, name))
      }
      removals += old.keys.filter { new[$0] == nil }.sorted().map { ResourceName(type, $0) }
    }
    return (upserts, removals)
  }

  private func names(_ type: ResourceType) -> [String] { (tables[type] ?? [:]).keys.sorted() }

  private mutating func mutate(using random: inout SplitMix64) {
    switch Int.random(in: 0..<10, using: &random) {
    case 0...2:
      guard let name = names(.endpoints).randomElement(using: &random) else { break }
      set(.endpoints, name, using: &random)
    case 3:
      guard let name = names(.cluster).randomElement(using: &random) else { break }
      set(.cluster, name, using: &random)
    case 4, 5:
      let name = "c\(Int.random(in: 0..<8, using: &random))"
      set(.cluster, name, using: &random)
      set(.endpoints, name, using: &random)
      referTo(name, from: .routes, using: &random)
    case 6:
      guard let name = names(.cluster).randomElement(using: &random) else { break }
      tables[.cluster]?[name] = nil
      tables[.endpoints]?[name] = nil
      dropReferences(to: name, from: .routes)
    case 7:
      let name = "r\(Int.random(in: 0..<5, using: &random))"
      let clusters = names(.cluster).filter { _ in random.chance(50) }
      set(.routes, name, references: clusters, using: &random)
      referTo(name, from: .listener, using: &random)
    case 8:
      let name = "l\(Int.random(in: 0..<4, using: &random))"
      let routes = names(.routes).filter { _ in random.chance(50) }
      set(.listener, name, references: routes, using: &random)
    default:
      if random.chance(50), let name = names(.listener).randomElement(using: &random) {
        tables[.listener]?[name] = nil
      } else if let name = names(.routes).randomElement(using: &random) {
        tables[.routes]?[name] = nil
        dropReferences(to: name, from: .listener)
      }
    }
  }

  private mutating func referTo(
    _ name: String, from type: ResourceType, using random: inout SplitMix64
  ) {
    guard let user = names(type).randomElement(using: &random) else { return }
    let old = tables[type]?[user]?.references ?? []
    set(type, user, references: Set(old + [name]).sorted(), using: &random)
  }

  private mutating func dropReferences(to name: String, from type: ResourceType) {
    for (user, content) in tables[type] ?? [:] where content.references.contains(name) {
      tables[type]?[user]?.references.removeAll { $0 == name }
    }
  }

  private mutating func set(
    _ type: ResourceType, _ name: String, references: [String] = [],
    using random: inout SplitMix64
  ) {
    var content = SimulatedContent(
      value: Int.random(in: 0..<6, using: &random), references: references)
    if random.chance(faultPercent) { content.fault = random.chance(50) ? .unbuildable : .invalid }
    tables[type]?[name] = content
  }
}
