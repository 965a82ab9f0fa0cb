import Blueprints
import Documents
import HTTPTypes
import Model
import Operations
import Publication
import Storage
import Streams
import Testing

@Suite struct `Changes over the API` {
  private let fixture: ManagementFixture
  private let call: Client
  private let tenant = "/v2/organizations/acme/tenants/t"

  init() throws {
    fixture = try ManagementFixture()
    call = Client(fixture: fixture)
  }

  private func describe(_ text: String) async throws {
    let answer = try await call(.put, tenant, "{metadata: {description: \(text)}}")
    #expect(answer.status == 200)
  }

  @Test func `a change says field by field what was before`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await describe("one")
    try await describe("two")
    let change = try await call(.get, "/v2/changes/3")
    #expect(
      change.body["objects"]?.list?.first?["diff"] == [
        [
          "op": "replace", "path": "/metadata/description", "before": "one", "value": "two",
        ]
      ])
  }

  @Test func `plans and changes say that a secret differs, and not what it is`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    func provider(_ secret: String) -> String {
      """
      apiVersion: api.rialto.mesh/v2
      kind: OIDC
      metadata: {name: company, organization: acme}
      spec:
        secret: \(secret)
        config:
          clientId: rialto
          redirectUri: https://rialto.example.com/callback
          providerConfig: {dynamic: {configurationUri: https://id.example.com}}
      """
    }
    var told: [Document] = []
    for secret in ["hush-one", "hush-two"] {
      told.append(try await call(.post, "/v2/plan", provider(secret)).body)
      told.append(try await call(.post, "/v2/apply", provider(secret)).body)
    }
    told.append(try await call(.delete, "/v2/organizations/acme/oidcs/company?dryRun=true").body)
    for revision in [2, 3] { told.append(try await call(.get, "/v2/changes/\(revision)").body) }
    told.append(try await call(.post, "/v2/changes/2/rollback?dryRun=true").body)
    #expect(told.allSatisfy { !$0.canonicalText.contains("hush") })
    #expect(
      told.last?["results"]?.list?.first?["diff"] == [
        ["op": "replace", "path": "/spec/secret", "before": "(redacted)", "value": "(redacted)"]
      ])
    // Who asks for the object itself gets it, and what stands for a secret is none.
    let object = try await call(.get, "/v2/organizations/acme/oidcs/company")
    #expect(object.body[["spec", "secret"]] == "hush-two")
    let refused = try await call(.post, "/v2/apply", provider("(redacted)"))
    #expect(refused.status == 422)
    let errors = (refused.body["errors"]?.list ?? []).filter { $0["severity"] == "error" }
    #expect(errors.map { $0["path"] } == ["spec.secret"])
  }

  @Test(
    arguments: [
      ("object=organizations/acme/tenants/t", [3, 2, 1]),
      ("object=organizations/acme/tenants/t/workspaces/w", [1]),
      ("object=organizations/acme/tenants/none", []), ("kind=tenant", [3, 2, 1]),
      ("kind=Workspace", [1]), ("kind=tenant&limit=1", [3]), ("actor=administrator", [3, 2, 1]),
      ("actor=nobody", []), ("since=2999-01-01T00:00:00Z", []),
      ("since=2020-01-01T00:00:00.5Z&limit=2", [3, 2]),
    ] as [(String, [Int64])])
  func `changes are found by what they are about`(query: String, revisions: [Int64]) async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await describe("one")
    try await describe("two")
    let answer = try await call(.get, "/v2/changes?\(query)")
    #expect(answer.status == 200)
    #expect(answer.body["items"]?.list?.compactMap { $0["revision"]?.integer } == revisions)
  }

  @Test(arguments: ["kind=nothing", "object=x", "since=yesterday", "colour=red"])
  func `a filter that means nothing is refused`(query: String) async throws {
    #expect(try await call(.get, "/v2/changes?\(query)").status == 400)
  }

  @Test func `a rollback brings a revision back as a new change`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await describe("one")
    try await fixture.apply(fixture.workspace("new", names: "*/new"))
    _ = try await call(.delete, "\(tenant)/workspaces/w?cascade=true")
    try await describe("two")
    let path = "/v2/changes/2/rollback"
    let dry = try await call(.post, "\(path)?dryRun=true")
    #expect(dry.status == 200 && dry.body["results"]?.list?.count == 4)
    #expect(fixture.store.position.current.revision == 5)
    let done = try await call(.post, path)
    #expect(done.status == 200 && done.body["revision"] == 6)
    let actions = Set(done.body["results"]?.list?.compactMap { $0["action"]?.string } ?? [])
    #expect(actions == ["created", "updated", "deleted"])
    let object = try await call(.get, tenant)
    #expect(object.body["metadata"]?["description"] == "one")
    #expect(try await call(.get, "\(tenant)/workspaces/w/trafficgroups/g").status == 200)
    #expect(try await call(.get, "\(tenant)/workspaces/new").status == 404)
    // There is nothing left to bring back.
    #expect(try await call(.post, path).body["changed"] == false)
    #expect(try await call(.post, "/v2/changes/99/rollback").status == 404)
  }

  @Test func `a rollback can be of a part of the tree`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await describe("one")
    _ = try await call(.delete, "\(tenant)/workspaces/w/trafficgroups/g")
    let part = "organizations/acme/tenants/t/workspaces/w"
    let done = try await call(.post, "/v2/changes/1/rollback?object=\(part)")
    #expect(done.body["results"]?.list?.count == 1)
    #expect(try await call(.get, tenant).body["metadata"]?["description"] == "one")
  }

  @Test func `a rollback does not take away what is protected`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    _ = try await call(
      .put, "/v2/organizations/acme/tenants/u", "{deletionProtectionEnabled: true}")
    let refused = try await call(.post, "/v2/changes/1/rollback")
    #expect(refused.status == 409 && refused.body["code"] == "RL2414")
  }

  @Test func `the status of a parent is that of all below it`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    fixture.publication.publish(revisions: 1...1, [:])
    let ready = try await call(.get, "/v2/organizations/acme/status")
    #expect(ready.body[["aggregated", "state"]] == "READY")
    #expect(ready.body[["aggregated", "counts"]] == ["READY": 5])
    #expect(ready.body["events"]?.list?.first?["type"] == "ACCEPTED")
    fixture.publication.set(
      problems: [Diagnostic(code: "RL1063", message: "no such namespace")],
      of: ManagementFixture.group.fqn)
    let failed = try await call(.get, "/v2/organizations/acme/status")
    #expect(failed.body["state"] == "READY")
    #expect(failed.body[["aggregated", "state"]] == "FAILED")
    let children = failed.body[["aggregated", "children"]]?.list ?? []
    #expect(children.map { $0["state"] } == ["READY", "FAILED"])
    #expect(children.last?["message"]?.string?.contains("no such namespace") == true)
  }

  @Test(
    arguments: [
      ([.ready: 2], .ready), ([.ready: 2, .failed: 1], .failed),
      ([.ready: 1, .accepted: 1], .partial),
      ([.accepted: 3], .accepted), ([.dirty: 1, .ready: 1], .dirty), ([:], .ready),
      ([.dirty: 1, .partial: 1], .partial),
    ] as [([ObjectState: Int], ObjectState)])
  func `parents aggregate their parts`(counts: [ObjectState: Int], state: ObjectState) {
    #expect(ObjectState.aggregated(counts) == state)
  }

  @Test func `what configures a service, and what a selector selects, can be asked`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    let service = ObservedService(
      ports: [ObservedPort(number: 80, name: "http", protocolName: "http")], serviceAccounts: [],
      workloads: 1, healthyWorkloads: 1)
    try await fixture.store.recordServices(
      cluster: "east", full: true,
      upserts: [
        ServiceName(namespace: "shop", name: "orders"): service,
        ServiceName(namespace: "pay", name: "ledger"): service,
      ], removals: [])
    let found = try await call(.get, "/v2/lookup/service?service=shop/orders")
    #expect(found.body["clusters"] == ["east"])
    #expect(
      found.body["items"]?.list?.compactMap { $0["fqn"]?.string } == [
        ManagementFixture.workspace.fqn, ManagementFixture.group.fqn,
      ])
    let other = try await call(.get, "/v2/lookup/service?service=pay/ledger")
    #expect(other.body["items"] == [])
    let selected = try await call(.get, "/v2/lookup/selector?names=*/*")
    let namespaces = selected.body["items"]?.list ?? []
    #expect(namespaces.map { $0["namespace"] } == ["pay", "shop"])
    #expect(namespaces.map { $0["owners"] } == [[], [.string(ManagementFixture.workspace.fqn)]])
    #expect(selected.body["overlaps"] == [.string(ManagementFixture.workspace.fqn)])
    #expect(try await call(.get, "/v2/lookup/selector?names=shop").status == 400)
    #expect(try await call(.get, "/v2/lookup/service?service=orders").status == 400)
  }

  @Test func `objects of other APIs are left out when asked for, and listed`() async throws {
    let text = ManagementFixture.tree + "\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
    let client = Client(fixture: fixture)
    let refused = try await client(.post, "/v2/apply", text)
    #expect(refused.status == 422 && refused.body["code"] == "RL1070")
    #expect(try await client(.post, "/v2/plan?skipUnknown=maybe", text).status == 400)
    let taken = try await client(.post, "/v2/apply?skipUnknown=true", text)
    #expect(taken.status == 200)
    #expect(taken.body["results"]?.list?.count == 5)
    #expect(taken.body["warnings"]?.list?.map { $0["code"] } == ["RL1070"])
  }
}
