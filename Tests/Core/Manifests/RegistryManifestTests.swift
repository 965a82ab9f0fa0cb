import Documents
import Model
import TestSupport
import Testing

@testable import Manifests

@Suite struct `Services of the registry` {
  private static let orders = RegistryService(
    name: ServiceName(namespace: "shop", name: "orders"), address: "240.240.0.1",
    clusters: [
      "east": ObservedService(
        ports: [
          ObservedPort(number: 8080, name: "http", protocolName: "http"),
          ObservedPort(number: 9090, name: "rpc", protocolName: "grpc"),
        ], labels: ["team": "shop", "site": "east"], serviceAccounts: ["a", "b"], workloads: 3,
        healthyWorkloads: 2,
        variants: [ObservedVariant(labels: ["version": "v1"], healthyWorkloads: 2)]),
      "west": ObservedService(
        ports: [], labels: ["team": "shop"], serviceAccounts: [], workloads: 1,
        healthyWorkloads: 0),
    ])

  @Test func `what is shown can be read again, in both languages`() throws {
    let document = Self.orders.manifest(in: "acme", trustDomains: ["east": "east.acme.mesh"])
    let written = try manifest(Manifests.yaml(document))
    #expect(written.ref.fqn == "organizations/acme/services/orders.shop")
    #expect(written.document == document)
    #expect(RegistryService(written.document) == Self.orders)
    #expect(Self.orders.labels == ["team": "shop"])
    // It says nothing to the mesh, and so nothing in it is without an effect that it should have.
    #expect(Manifests.notYetEffective(in: written.document, of: .service) == [])
  }

  @Test(arguments: ["orders", "orders.shop.mesh", "Orders.shop", "orders."])
  func `its name is that of the service and of the namespace`(_ name: String) {
    let found = problems(
      "apiVersion: registry.rialto.mesh/v2\nkind: Service\n"
        + "metadata: {name: \(name), organization: acme}\n")
    #expect(
      found.contains { $0.contains("SERVICE.NAMESPACE") && $0.contains("RL1009") }, "\(found)")
  }

  @Test func `words of the command line mean it`() {
    for word in ["service", "services", "svc"] {
      #expect(Manifests.kinds(named: word) == [.service])
    }
  }
}
