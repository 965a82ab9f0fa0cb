import Documents
import HTTPTypes
import Model
import Operations
import Storage
import Streams
import TestSupport
import Testing

@testable import RestAPI

/// The services of the registry: what agents observe, as objects that can only be read.
@Suite struct `The registry` {
  private let fixture: ManagementFixture
  private let call: Client

  private static let services = "/v2/organizations/acme/services"

  init() throws {
    fixture = try ManagementFixture()
    call = Client(fixture: fixture)
  }

  private func service(
    healthy: Int = 2, version: String = "v1", labels: [String: String] = ["team": "shop"]
  ) -> ObservedService {
    ObservedService(
      ports: [ObservedPort(number: 8080, name: "http", protocolName: "http")], labels: labels,
      serviceAccounts: ["orders"], workloads: 3, healthyWorkloads: healthy,
      variants: [ObservedVariant(labels: ["version": version], healthyWorkloads: healthy)])
  }

  private func report(
    _ cluster: String, _ services: [ServiceName: ObservedService], full: Bool = false,
    removals: [ServiceName] = []
  ) async throws {
    try await fixture.store.recordServices(
      cluster: cluster, full: full, upserts: services, removals: removals)
  }

  private static let orders = ServiceName(namespace: "shop", name: "orders")

  @Test func `a service is what all clusters have of it`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await report("east", [Self.orders: service()])
    try await report(
      "west", [Self.orders: service(healthy: 1, version: "v2", labels: ["team": "other"])])
    let found = try await call(.get, "\(Self.services)/orders.shop")
    #expect(found.status == 200)
    let spec = try #require(found.body["spec"])
    #expect(spec["shortName"] == "orders" && spec["canonicalName"] == "orders")
    #expect(spec["hostnames"] == ["orders.shop.mesh"])
    #expect(spec["addresses"]?.list?.count == 1)
    #expect(spec["subsets"] == ["v1", "v2"])
    // West is no cluster of the tree, so nobody vouches for who its workloads are.
    #expect(spec["spiffeIds"] == ["spiffe://east.acme.mesh/ns/shop/sa/orders"])
    #expect(spec["clusters"]?.list?.map { $0["name"] } == ["east", "west"])
    #expect(spec["clusters"]?.list?.map { $0["healthyWorkloads"] } == [2, 1])
    #expect(found.body[["metadata", "fqn"]] == "organizations/acme/services/orders.shop")
    #expect(found.body[["metadata", "createdAt"]] == nil)

    let tag = try #require(found[header: "ETag"])
    let same = try await call(
      .get, "\(Self.services)/orders.shop", headers: ["If-None-Match": tag])
    #expect(same.status == 304)
    try await report("west", [:], removals: [Self.orders])
    let changed = try await call(
      .get, "\(Self.services)/orders.shop", headers: ["If-None-Match": tag])
    #expect(changed.status == 200)
    #expect(changed.body[["spec"]]?["clusters"]?.list?.map { $0["name"] } == ["east"])
    try await report("east", [:], removals: [Self.orders])
    #expect(try await call(.get, "\(Self.services)/orders.shop").status == 404)
    #expect(try await call(.get, "\(Self.services)/orders").status == 404)
  }

  @Test func `lists have pages and selectors`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    let names = (0..<7).map { ServiceName(namespace: "shop", name: "s\($0)") }
    try await report(
      "east",
      Dictionary(
        uniqueKeysWithValues: names.enumerated().map {
          ($1, service(labels: ["side": $0 % 2 == 0 ? "left" : "right"]))
        }))
    var found: [String] = []
    var next: String?
    repeat {
      let query = next.map { "&continue=\($0)" } ?? ""
      let page = try await call(.get, "\(Self.services)?limit=3\(query)")
      #expect(page.status == 200)
      found += (page.body["items"]?.list ?? []).compactMap { $0[["metadata", "name"]]?.string }
      next = page.body["continue"]?.string
    } while next != nil
    #expect(found == names.map { "\($0.name).shop" })
    let left = try await call(.get, "\(Self.services)?limit=2&labelSelector=side%3Dleft")
    #expect(
      left.body["items"]?.list?.map { $0[["metadata", "name"]] } == ["s0.shop", "s2.shop"])
    #expect(left.body["continue"] != nil)
    let one = try await call(.get, "\(Self.services)?fieldSelector=metadata.name%3Ds3.shop")
    #expect(one.body["items"]?.list?.count == 1)
    let trimmed = try await call(.get, "\(Self.services)?fields=spec.subsets&limit=1")
    #expect(trimmed.body["items"]?.list?.first?["spec"] == ["subsets": ["v1"]])
    #expect(try await call(.get, "/v2/organizations/other/services").status == 404)
  }

  @Test func `nobody writes a service`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await report("east", [Self.orders: service()])
    let text = """
      apiVersion: registry.rialto.mesh/v2
      kind: Service
      metadata: {name: orders.shop, organization: acme}
      spec: {}
      """
    let item = "\(Self.services)/orders.shop"
    for (method, path) in [
      (HTTPRequest.Method.put, item), (.patch, item), (.delete, item), (.post, Self.services),
    ] {
      let answer = try await call(method, path, text)
      #expect(answer.status == 405 && answer[header: "Allow"] == "GET, HEAD, OPTIONS")
      #expect(answer.body["detail"]?.string?.contains("agents observe") == true)
    }
    #expect(try await call(.get, "\(item)/status").status == 404)
    let applied = try await call(.post, "/v2/apply?file=s.yaml", text)
    #expect(applied.status == 422 && applied.body["code"] == "RL1053")
    let error = applied.body["errors"]?.list?.first
    #expect(error?["file"] == "s.yaml" && error?["line"] == 2)
  }

  @Test func `the groups that configure it are found by its path`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await report("east", [Self.orders: service()])
    let found = try await call(
      .get, "/v2/lookup/service?service=organizations/acme/services/orders.shop")
    #expect(
      found.body["items"]?.list?.compactMap { $0["fqn"]?.string } == [
        ManagementFixture.workspace.fqn, ManagementFixture.group.fqn,
      ])
    let other = try await call(.get, "/v2/lookup/service?service=organizations/acme/tenants/t")
    #expect(other.status == 400)
  }

  @Test func `a watcher hears of what comes, changes and goes`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await report("east", [Self.orders: service()])
    let collection = try #require(Collection(fqn: "organizations/acme/services"))
    var source = RegistrySource(
      fixture.operations, ManagementFixture.administrator,
      .collection(collection, labels: [], fields: []))
    let first = try await source.news()
    #expect(first.map(\.name) == ["added", "bookmark"])
    #expect(first.last?.id == 1)
    #expect(try await source.news().isEmpty)

    let stock = ServiceName(namespace: "shop", name: "stock")
    try await report("east", [Self.orders: service(healthy: 0), stock: service()])
    let second = try await source.news()
    #expect(second.map(\.name) == ["modified", "added"])
    try await report("east", [:], removals: [stock])
    #expect(try await source.news().map(\.name) == ["deleted"])
    // A write that touches no service is no news.
    try await fixture.apply(fixture.workspace("other", names: "*/x"))
    #expect(try await source.news().isEmpty)
  }

  @Test func `a watcher of some fields hears of these alone`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await report("east", [Self.orders: service()])
    let collection = try #require(Collection(fqn: "organizations/acme/services"))
    var source = RegistrySource(
      fixture.operations, ManagementFixture.administrator,
      .collection(collection, labels: [], fields: []), try Projection("metadata.name"))
    let first = try await source.news()
    #expect(first.first?.data.contains("\"object\":{\"metadata\":{\"name\":") == true)
    // What was not asked for is no news.
    try await report("east", [Self.orders: service(healthy: 0)])
    #expect(try await source.news().isEmpty)
  }

  @Test func `the description of the API has it, to be read only`() throws {
    let item = "/v2/organizations/{organization}/services/{service}"
    let paths = try #require(OpenAPI.document["paths"])
    #expect(paths[item]?.object?.keys.sorted() == ["get", "parameters"])
    #expect(paths["\(item)/status"] == nil)
    let properties = OpenAPI.document[
      ["components", "schemas", "Service", "properties", "spec", "properties"]]
    #expect(properties?["spiffeIds"] != nil)
  }
}
