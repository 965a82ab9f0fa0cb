import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Model
import Testing

@testable import rialto

@Suite struct `Services on the command line` {
  private static let document: Document = {
    let service = RegistryService(
      name: ServiceName(namespace: "shop", name: "orders"), address: "240.240.0.9",
      clusters: [
        "east": ObservedService(
          ports: [ObservedPort(number: 8080, name: "http", protocolName: "http")],
          serviceAccounts: ["orders"], workloads: 2, healthyWorkloads: 2),
        "west": ObservedService(
          ports: [ObservedPort(number: 9090, name: "rpc", protocolName: "grpc")],
          serviceAccounts: ["orders"], workloads: 3, healthyWorkloads: 1),
      ])
    var members = service.manifest(in: "acme").object ?? [:]
    var metadata = members["metadata"]?.object ?? [:]
    metadata["fqn"] = "organizations/acme/services/orders.shop"
    metadata["etag"] = "12"
    members["metadata"] = .object(metadata)
    return .object(members)
  }()

  private func get(_ arguments: String...) async throws -> String {
    let server = FakeServer { call in
      let path = call.target.split(separator: "?").first.map(String.init) ?? ""
      return switch path {
      case "/v2/organizations":
        .json(["items": [object("organizations/acme", kind: "Organization")]])
      case "/v2/organizations/acme/services": .json(["items": [Self.document]])
      default: .missing
      }
    }
    let (session, words) = server.session()
    try await GetCommand.asyncParse(arguments).run(in: session)
    return words.data
  }

  @Test func `a table says where a service runs and how well`() async throws {
    #expect(
      try await get("services") == """
        NAME         HOST              PORTS                CLUSTERS   HEALTHY
        orders.shop  orders.shop.mesh  8080/http,9090/grpc  east,west  3/5

        """)
    #expect(try await get("svc", "-o", "wide").contains("240.240.0.9"))
  }

  @Test func `what YAML shows is what render needs to know`() async throws {
    let yaml = try await get("services", "-o", "yaml")
    let read = try ManifestFiles.read(
      ["-"], isRecursive: false, standardInput: { Array(yaml.utf8) })
    #expect(read.warnings.isEmpty)
    let words = Words()
    let command = try RenderCommand.parse(
      ["--driver", "istio", "-f", "-", "--cluster", "west", "-o", "name"])
    try command.render(read, to: words.terminal)
    #expect(words.data.contains("serviceentry/shop/orders\n"))
  }
}
