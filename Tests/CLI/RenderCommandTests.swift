import ArgumentParser
import Documents
import Manifests
import Testing

@testable import rialto

@Suite struct `Rendering files` {
  private static let tree = """
    apiVersion: api.rialto.mesh/v2
    kind: Tenant
    metadata: {name: web, organization: acme}
    ---
    apiVersion: api.rialto.mesh/v2
    kind: Workspace
    metadata: {name: shop, organization: acme, tenant: web}
    spec: {namespaceSelector: {names: ["*/shop", "*/edge"]}}
    ---
    apiVersion: traffic.rialto.mesh/v2
    kind: Group
    metadata: {name: all, organization: acme, tenant: web, workspace: shop}
    spec: {namespaceSelector: {names: ["*/shop"]}}
    ---
    apiVersion: traffic.rialto.mesh/v2
    kind: ServiceRoute
    metadata: {name: orders, organization: acme, tenant: web, workspace: shop, group: all}
    spec:
      service: shop/orders
      subsets:
      - {name: v1, labels: {version: v1}, weight: 80}
      - {name: v2, labels: {version: v2}, weight: 20}
      httpRoutes:
      - name: tests
        match: [{name: m, headers: {uri: {exact: x}}}]
        destination: [{destinationHost: shop/orders, port: 8080, subset: v2}]
    ---
    apiVersion: gateway.rialto.mesh/v2
    kind: Group
    metadata: {name: edge, organization: acme, tenant: web, workspace: shop}
    spec: {namespaceSelector: {names: ["*/edge"]}}
    ---
    apiVersion: gateway.rialto.mesh/v2
    kind: Gateway
    metadata: {name: front, organization: acme, tenant: web, workspace: shop, group: edge}
    spec:
      workloadSelector: {namespace: edge, labels: {app: ingress}}
      http:
      - name: shop
        hostname: shop.example.com
        port: 8080
        routing: {rules: [{route: {serviceDestination: {host: shop/orders}}}]}
    """

  private static let services = """
    apiVersion: registry.rialto.mesh/v2
    kind: Service
    metadata: {name: orders.shop, organization: acme, etag: "7"}
    spec:
      addresses: [240.240.0.9]
      clusters:
      - name: east
        ports: [{number: 9090, name: grpc, protocol: GRPC}]
        serviceAccounts: [orders]
        workloads: 2
        healthyWorkloads: 2
    """

  private func read(_ texts: String...) throws -> ManifestFiles {
    try ManifestFiles.read(
      ["-"], isRecursive: false,
      standardInput: { Array(texts.joined(separator: "\n---\n").utf8) })
  }

  private func render(_ read: ManifestFiles, _ arguments: String...) throws -> Words {
    let words = Words()
    try RenderCommand.parse(["-f", "-"] + arguments).render(read, to: words.terminal)
    return words
  }

  private func objects(_ words: Words) throws -> [Document] {
    try JSONParser.document(from: Array(words.data.utf8))["items"]?.list ?? []
  }

  @Test func `Istio's objects come out, and a service that is not described is said to be guessed`()
    throws
  {
    let words = try render(try read(Self.tree), "--driver", "istio", "--cluster", "east")
    #expect(
      words.data.hasPrefix("apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"))
    #expect(words.data.contains("      weight: 80\n"))
    // An address that only the server can give is left to Istio.
    #expect(!words.data.contains("addresses:"))
    #expect(words.notes.contains { $0.hasPrefix("note: shop/orders is taken to run in east") })
  }

  @Test func `what Istio cannot express is said with the place in the file`() throws {
    let words = try render(try read(Self.tree), "--driver", "istio", "--cluster", "east")
    #expect(
      words.notes.contains {
        $0.hasPrefix("warning: standard input:15:1: serviceroute/orders: left out")
          && $0.contains("uri")
      }, "\(words.notes)")
  }

  @Test func `services are as the registry shows them`() throws {
    let words = try render(
      try read(Self.tree, Self.services), "--driver", "istio", "-o", "json")
    let entry = try #require(objects(words).first { $0["kind"] == "ServiceEntry" })
    #expect(entry[["spec", "addresses"]] == ["240.240.0.9"])
    #expect(entry[["spec"]]?["ports"]?.list?.first?["protocol"] == "GRPC")
    #expect(!words.notes.contains { $0.contains("taken to run") })
  }

  @Test func `a service can be given by an option`() throws {
    let words = try render(
      try read(Self.tree), "--driver", "istio", "--cluster", "east", "--service",
      "shop/orders:8080,7000/tcp", "-o", "name")
    #expect(words.data.contains("serviceentry/shop/orders\n"))
    #expect(words.data.contains("virtualservice/shop/orders\n"))
    #expect(words.notes.count { $0.hasPrefix("note:") } == 0)
    for wrong in ["orders:80", "shop/orders", "shop/orders:x", "shop/orders:80/udp"] {
      let failure = #expect(throws: Failure.self) {
        _ = try render(
          try read(Self.tree), "--driver", "istio", "--cluster", "east", "--service", wrong)
      }
      #expect(failure?.status == .usage, "\(wrong)")
    }
  }

  @Test func `what a group says of a namespace comes out before anything runs there`() throws {
    let words = try render(
      try read(
        """
        apiVersion: api.rialto.mesh/v2
        kind: Workspace
        metadata: {name: bank, organization: acme, tenant: web}
        spec: {namespaceSelector: {names: ["*/bank", "west/vault"]}}
        ---
        apiVersion: security.rialto.mesh/v2
        kind: Group
        metadata: {name: all, organization: acme, tenant: web, workspace: bank}
        spec: {namespaceSelector: {names: ["*/bank"]}}
        ---
        apiVersion: security.rialto.mesh/v2
        kind: SecuritySetting
        metadata: {name: s, organization: acme, tenant: web, workspace: bank, group: all}
        spec:
          authenticationSettings: {trafficMode: OPTIONAL}
          authorization: {mode: CUSTOM, serviceAccounts: [shop/web]}
        """), "--driver", "istio", "--cluster", "east", "-o", "json")
    let found = try objects(words)
    #expect(
      found.filter { $0["apiVersion"] == "security.istio.io/v1" }.map { $0["spec"] } == [
        [
          "action": "ALLOW",
          "rules": [["from": [["source": ["principals": ["east.acme.mesh/ns/shop/sa/web"]]]]]],
        ], ["mtls": ["mode": "PERMISSIVE"]],
      ])
    #expect(!found.contains { $0["kind"] == "ServiceEntry" })
    #expect(words.notes == [])
  }

  @Test func `what another cluster has is a host behind its gateways`() throws {
    let elsewhere = """
      apiVersion: api.rialto.mesh/v2
      kind: WorkspaceSetting
      metadata: {name: s, organization: acme, tenant: web, workspace: shop}
      spec:
        defaultEastWestGatewaySettings:
        - workloadSelector: {namespace: gateways, labels: {app: east-west}}
      ---
      apiVersion: registry.rialto.mesh/v2
      kind: Service
      metadata: {name: orders.shop, organization: acme}
      spec:
        clusters:
        - name: west
          ports: [{number: 8080, protocol: HTTP}]
          serviceAccounts: [orders]
          workloads: 4
          variants: [{labels: {version: v1}, healthyWorkloads: 4}]
      """
    let words = try render(
      try read(Self.tree, elsewhere), "--driver", "istio", "--cluster", "east", "--east-west",
      "west=198.18.2.2", "--edge", "edge=198.19.0.2", "-o", "json")
    let found = try objects(words)
    let copy = try #require(
      found.first { $0["kind"] == "ServiceEntry" && $0[["metadata", "name"]] == "orders.at.west" })
    #expect(copy[["spec", "hosts"]] == ["orders.shop.at.west.mesh"])
    // Nothing says that the networks reach each other, so the way leads over the edge.
    #expect(copy[["spec"]]?["endpoints"]?.list?.map { $0["address"] } == ["198.19.0.2"])
    #expect(copy[["spec", "subjectAltNames"]] == ["spiffe://west.acme.mesh/ns/shop/sa/orders"])
    let route = try #require(
      found.first { $0["kind"] == "VirtualService" && $0[["metadata", "name"]] == "orders" })
    // Whoever is of version v2 is nowhere, and that share fails where the service would be.
    let hosts = route[["spec"]]?["http"]?.list?.last?["route"]?.list?.map {
      $0[["destination", "host"]]
    }
    #expect(hosts == ["orders.shop.at.west.mesh", "orders.shop.mesh"])
    for wrong in ["west", "west=", "west=x", "=198.18.2.2"] {
      let failure = #expect(throws: Failure.self) {
        _ = try render(
          try read(Self.tree), "--driver", "istio", "--cluster", "east", "--east-west", wrong)
      }
      #expect(failure?.status == .usage, "\(wrong)")
    }
  }

  @Test func `Envoy's resources of one proxy or gateway come out`() throws {
    let sidecar = try render(
      try read(Self.tree), "--driver", "envoy", "--cluster", "east", "--proxy", "shop/orders",
      "-o", "name")
    #expect(sidecar.data.contains("routes/orders.shop.mesh:8080\n"))
    let gateway = try render(
      try read(Self.tree), "--driver", "envoy", "--cluster", "east", "--gateway", "front")
    #expect(gateway.data.contains("\nname: gateway_8080\n"))
    for arguments in [[], ["--proxy", "shop/orders", "--gateway", "front"]] {
      let failure = #expect(throws: Failure.self) {
        let command = try RenderCommand.parse(
          ["-f", "-", "--driver", "envoy", "--cluster", "east"] + arguments)
        try command.render(try read(Self.tree), to: Words().terminal)
      }
      #expect(failure?.status == .usage)
    }
  }

  @Test func `without a cluster it is asked for, and mistakes have a place`() throws {
    let unnamed = #expect(throws: Failure.self) {
      _ = try render(try read(Self.tree), "--driver", "istio")
    }
    #expect(unnamed?.status == .usage && unnamed?.advice.contains("--cluster") == true)
    let second = Self.tree.replacing("name: orders, organization", with: "name: more, organization")
      .split(separator: "---").last { $0.contains("ServiceRoute") }
    let duplicate = #expect(throws: Failure.self) {
      _ = try render(
        try read(Self.tree, String(second ?? "")), "--driver", "istio", "--cluster", "east")
    }
    #expect(duplicate?.status == .failed)
    #expect(duplicate?.reasons.first?.hasPrefix("standard input:") == true)
    let misspelt = #expect(throws: Failure.self) {
      try read(Self.tree.replacing("subsets:", with: "subset:"))
    }
    #expect(misspelt?.reasons.first?.contains("standard input:") == true)
  }
}
