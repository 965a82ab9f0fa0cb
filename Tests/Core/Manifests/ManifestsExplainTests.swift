import Documents
import Model
import Testing

@testable import Manifests

@Suite struct `Manifests explain` {
  @Test func `kinds have the plurals that people write`() {
    #expect(Kind.gateway.plural == "gateways" && Kind.istioGateway.plural == "istiogateways")
    #expect(Kind.serviceEntry.plural == "serviceentries" && Kind.role.plural == "roles")
    #expect(Manifests.kinds(named: "gateways") == [.gateway])
  }

  @Test func `a field is explained by its table`() throws {
    let text = try #require(Manifests.explain("serviceroute.spec.subsets.weight").value?.text)
    #expect(
      text == """
        KIND:    ServiceRoute
        GROUP:   traffic.rialto.mesh/v2
        FIELD:   serviceRoute.spec.subsets.weight <integer 0–100>

            Percent of the requests that no HTTP route matches; those of one service add up to 100.
            Absent: not part of the split.

        """)
  }

  @Test(arguments: Kind.allCases)
  func `every field of every kind can be explained`(_ kind: Kind) {
    for path in paths(of: kind.spec, at: "\(kind.rawValue).spec") {
      #expect(Manifests.explain(path).value?.text.contains("FIELD:   \(path) <") == true)
    }
    let name = Manifests.explain("\(kind.rawValue).metadata.name").value?.text
    #expect((name == nil) == kind.isOnly)
  }

  private func paths(of shape: Shape, at path: String) -> [String] {
    shape.fields.flatMap { field in
      let inner = "\(path).\(field.name)"
      return [inner] + (field.type.shape.map { paths(of: $0, at: inner) } ?? [])
    }
  }

  @Test func `spec may be left out of a path`() {
    let whole = Manifests.explain("gateway.spec.http.routing").value
    #expect(whole != nil)
    #expect(Manifests.explain("gateway.http.routing").value == whole)
  }

  @Test func `every code is explained`() {
    for code in ManifestCode.allCases {
      #expect(Manifests.explain(code.rawValue).value?.text.contains(code.explanation) == true)
    }
    #expect(Manifests.explain("rl1042").value != nil)
    #expect(Manifests.explain("RL9999").value == nil)
  }

  @Test(
    arguments: [
      ("servicerout", "did you mean 'serviceRoute'?"), ("x", "the kinds are organization"),
      ("sr.spec.subset", "did you mean 'subsets'?"), ("sr.spec.service.x", "has no field 'x'"),
      ("", "no kind ''"),
    ] as [(String, String)])
  func `a wrong path says where it ends`(_ path: String, _ message: String) {
    let read = Manifests.explain(path)
    #expect(read.value == nil)
    #expect(read.diagnostics.first?.message.contains(message) == true)
  }

  @Test(
    arguments: [
      ("ServiceRoute", [Kind.serviceRoute]), ("sr", [.serviceRoute]),
      ("SERVICEROUTES", [.serviceRoute]),
      ("ws", [.workspace]), ("workspaces", [.workspace]), ("org", [.organization]),
      ("tns", [.tenant]),
      ("cs", [.cluster]), ("gwt", [.gateway]), ("gateways", [.gateway]), ("tg", [.trafficGroup]),
      ("trafficgroups", [.trafficGroup]),
      ("group", [.trafficGroup, .securityGroup, .gatewayGroup, .istioInternalGroup]),
      (
        "settings",
        [
          .organizationSetting, .tenantSetting, .workspaceSetting, .trafficSetting,
          .securitySetting,
        ]
      ), ("igw", [.istioGateway]),
      ("profile", [.organizationProfile, .tenantProfile, .workspaceProfile]),
      ("vs", [.virtualService]), ("virtualservice", [.virtualService, .gatewayVirtualService]),
      ("nothing", []), ("", []),
    ] as [(String, [Kind])])
  func `kinds have several words`(_ word: String, _ expected: [Kind]) {
    #expect(Manifests.kinds(named: word) == expected)
  }

  @Test(arguments: Kind.allCases)
  func `a schema has the fields of the table`(_ kind: Kind) {
    let schema = Manifests.schema(of: kind)
    let properties = schema[["properties", "spec", "properties"]]?.object ?? [:]
    #expect(properties.keys.sorted() == kind.spec.fields.map(\.name).sorted())
    #expect(schema[["properties", "kind", "const"]] == .string(kind.name))
    let isClosed = schema[["properties", "spec", "additionalProperties"]] == false
    #expect(isClosed == (kind.istioGroup == nil))
  }

  @Test(
    arguments: [
      ("", "serviceRoute"), ("servicer", "serviceRoute"), ("sr.", "sr.spec"),
      ("sr.spec.sub", "sr.spec.subsets"), ("sr.spec.subsets.", "sr.spec.subsets.weight"),
    ])
  func `what can be explained next is known`(_ written: String, _ next: String) {
    #expect(explainable(written).contains(next))
    #expect(explainable("sr.spec.nothing.").isEmpty)
  }
}
