import BlueprintCoding
import Blueprints
import Documents
import Testing

@Suite struct `Plans of connections, in bytes` {
  private static let provider = HostProvider(
    cluster: "west", trustDomain: "west.acme.mesh", identities: ["a/b"], weight: 1, priority: 0,
    healthy: 1, port: 443)

  private static func item(_ target: ConnectionTarget?) -> BlueprintItem {
    let server = ConnectionPlan(
      name: "c", hostname: "a.test", port: 443, entry: .passthrough, target: target)
    return .gateway(
      GatewayPlan(fqn: "g", namespace: "edge", labels: [:], servers: [], connections: [server]))
  }

  @Test(
    arguments: [
      nil, .service(host: "db.shop.mesh", port: 5432), .clusters([]), .clusters([provider]),
    ] as [ConnectionTarget?])
  func `they come back as they were`(_ target: ConnectionTarget?) throws {
    let item = Self.item(target)
    #expect(try ItemCoding.decode(ItemCoding.encode(item).bytes) == item)
  }

  /// Agents keep plans over an upgrade, and are upgraded one by one.
  @Test func `services stand where they always stood, clusters somewhere else`() throws {
    func members(_ target: ConnectionTarget) throws -> [String: Document]? {
      let bytes = try ItemCoding.encode(Self.item(target)).bytes
      let plan = try JSONParser.document(from: bytes)["gateway"]?["_0"]
      return plan?["connections"]?.list?.first?.object
    }
    let service = try members(.service(host: "db.shop.mesh", port: 5432))
    #expect(service?["target"] == ["host": "db.shop.mesh", "port": 5432])
    #expect(service?["clusters"] == nil)
    let clusters = try members(.clusters([Self.provider]))
    #expect(clusters?["target"] == nil && clusters?["clusters"]?.list?.count == 1)
  }
}
