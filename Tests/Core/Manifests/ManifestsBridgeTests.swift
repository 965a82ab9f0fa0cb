import Documents
import Model
import Testing

@testable import Manifests

@Suite struct `Manifests of what is between clusters` {
  private func organizationSetting(_ spec: String) -> String {
    """
    apiVersion: api.rialto.mesh/v2
    kind: OrganizationSetting
    metadata: {name: defaults, organization: acme}
    spec: {\(spec)}
    """
  }

  private func gateway(_ clusters: String, host: String = "a.example.com") -> String {
    """
    apiVersion: gateway.rialto.mesh/v2
    kind: Gateway
    metadata: {name: front, \(Samples.place), group: all}
    spec:
      workloadSelector: {namespace: edge, labels: {app: edge}}
      http:
      - {name: a, hostname: "\(host)", port: 80, routing: {rules: [{route: \(clusters)}]}}
    """
  }

  @Test func `settings mean what they say`() throws {
    guard case .organizationSetting(let setting) = try manifest(Samples.organizationSetting).spec
    else {
      Issue.record("no OrganizationSetting")
      return
    }
    #expect(setting.networkReachability == ["lab": ["wan", "west-net"], "wan": []])
    #expect(setting.failover?.topologyChoice == .locality)
    #expect(setting.defaults.security?.trafficMode == .required)
    #expect(setting.defaults.traffic?.failover?.topologyChoice == TopologyChoice.none)
    guard case .workspaceSetting(let setting) = try manifest(Samples.workspaceSetting).spec else {
      Issue.record("no WorkspaceSetting")
      return
    }
    let gateways = WorkloadSelector(namespace: "gateways", labels: ["app": "east-west"])
    #expect(
      setting.exposures == [Exposure(gateways: gateways, services: [["exposed": "yes"]])])
    #expect(setting.failover?.topologyChoice == .locality)
  }

  @Test func `a cluster is in a network of its own, and in no region, unless it says so`() throws {
    let text = """
      apiVersion: api.rialto.mesh/v2
      kind: Cluster
      metadata: {name: east, organization: acme}
      spec: {}
      """
    #expect(
      try manifest(text).spec == .cluster(Cluster(network: "east", trustDomain: "east.acme.mesh")))
    #expect(
      try manifest(Samples.cluster).spec
        == .cluster(
          Cluster(
            network: "lab", trustDomain: "east.acme.mesh", region: "eu", labels: ["tier": "gold"])))
  }

  @Test(
    arguments: [
      ("a,", "RL1014"), ("A", "RL1014"), ("a b", ""), ("lab", "RL1047"), ("", ""), (",", "RL1014"),
      ("a;b", "RL1014"),
    ])
  func `networks are names, separated by commas`(_ text: String, _ code: String) {
    let found = problems(
      organizationSetting("networkSettings: {networkReachability: {lab: \"\(text)\"}}"))
    #expect(found.isEmpty == code.isEmpty, "\(found)")
    #expect(found.allSatisfy { $0.contains("(\(code))") })
  }

  @Test(
    arguments: [
      ("{clusterDestination: {}}", ""),
      ("{clusterDestination: {clusters: [{name: a}, {labels: {x: y}}]}}", ""),
      ("{clusterDestination: {clusters: [{name: a, weight: 1}, {name: b}]}}", "RL1045"),
      ("{clusterDestination: {clusters: [{name: a, weight: 0}]}}", "RL1042"),
      ("{clusterDestination: {clusters: [{name: a}, {name: a}]}}", "RL1016"),
      ("{clusterDestination: {clusters: [{name: a, labels: {x: y}}]}}", "RL1015"),
      ("{clusterDestination: {clusters: [{weight: 1}]}}", "RL1015"),
      ("{clusterDestination: {clusters: [{labels: {}}]}}", "RL1007"),
      ("{clusterDestination: {}, serviceDestination: {host: a/b}}", "RL1015"), ("{}", ""),
    ])
  func `clusters as destinations are checked`(_ route: String, _ code: String) {
    let found = problems(gateway(route))
    #expect(found.isEmpty == code.isEmpty, "\(found)")
    #expect(found.allSatisfy { $0.contains("(\(code))") }, "\(found)")
  }

  @Test func `clusters are asked for one host, not for many`() {
    for host in ["*", "*.example.com"] {
      #expect(problems(gateway("{clusterDestination: {}}", host: host)).count == 1)
    }
  }

  @Test func `a cluster that is named is a reference`() throws {
    let text = gateway("{clusterDestination: {clusters: [{name: west}, {labels: {x: y}}]}}")
    let found = Manifests.references(of: try manifest(text).resource())
    #expect(found.map(\.ref.fqn) == ["organizations/acme/clusters/west"])
    #expect(
      found.map(\.path.text)
        == ["spec.http[0].routing.rules[0].route.clusterDestination.clusters[0].name"])
  }

  @Test(
    arguments: [
      "organizations/acme/settings/", "organizations/acme/tenants/t/workspaces/w/settings/",
    ])
  func `there is one setting of an organization and of a workspace`(_ path: String) throws {
    let refs = try ["a", "b"].map { try #require(ResourceRef(fqn: path + $0)) }
    let resources = refs.map { ref in
      Resource(
        ref: ref,
        spec: ref.kind == .organizationSetting
          ? .organizationSetting(OrganizationSetting()) : .workspaceSetting(WorkspaceSetting()))
    }
    let found = Manifests.ownershipConflicts(of: resources[1], among: resources)
    #expect(found.map(\.code) == ["RL1062"])
  }

  @Test(arguments: [("os", Kind.organizationSetting), ("wss", .workspaceSetting)])
  func `settings have short names`(_ word: String, _ kind: Kind) {
    #expect(Manifests.kinds(named: word) == [kind])
  }
}
