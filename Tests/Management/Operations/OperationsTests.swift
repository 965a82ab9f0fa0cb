import Access
import Documents
import Manifests
import Model
import Operations
import Storage
import Streams
import Testing

@Suite struct `The use cases` {
  private let fixture: ManagementFixture
  private var operations: Operations { fixture.operations }
  private let administrator = ManagementFixture.administrator

  init() throws { fixture = try ManagementFixture() }

  @Test func `many objects in any order are one change`() async throws {
    let result = try await fixture.apply(ManagementFixture.tree)
    #expect(result.revision == Revision(1))
    #expect(result.results.map(\.outcome) == Array(repeating: .created, count: 5))
    #expect(result.results.first?.ref == ManagementFixture.organization)
    let again = try await fixture.apply(ManagementFixture.tree)
    #expect(again.revision == Revision(1))
    #expect(again.results.allSatisfy { $0.outcome == .unchanged })
  }

  @Test
  func `everything wrong with a file is told at once, with its places, and nothing is written`()
    async throws
  {
    let yaml = """
      apiVersion: api.rialto.mesh/v2
      kind: Organization
      metadata: {name: acme}
      ---
      apiVersion: api.rialto.mesh/v2
      kind: Tenant
      metadata: {name: t, organization: acme}
      spec: {colour: red}
      ---
      apiVersion: api.rialto.mesh/v2
      kind: Tennant
      metadata: {name: u, organization: acme}
      """
    let found = try #require(await rejection { try await fixture.apply(yaml) })
    let errors = found.filter { $0.severity == .error }
    #expect(errors.map(\.code) == ["RL1003", "RL1008"])
    #expect(errors.map(\.mark?.line) == [8, 11])
    #expect(errors.allSatisfy { $0.file == "shop.yaml" && ($0.mark?.column ?? 0) > 0 })
    #expect(fixture.store.position.current.revision == 0)
  }

  @Test func `an object whose parent does not exist is refused with its place`() async throws {
    let found = try #require(
      await rejection { try await fixture.apply(fixture.workspace("w", names: "*/shop")) })
    #expect(found.map(\.code) == ["RL1064"])
    #expect(found.first?.mark?.line == 3)
  }

  @Test func `a namespace that is owned already is refused, also within one file`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    let found = try #require(
      await rejection { try await fixture.apply(fixture.workspace("other", names: "east/shop")) })
    #expect(found.map(\.code) == ["RL1060"])
    let both = [
      fixture.workspace("a", names: "*/new"), fixture.workspace("b", names: "*/ne*"),
    ].joined(separator: "\n---\n")
    let twice = try #require(await rejection { try await fixture.apply(both) })
    #expect(twice.map(\.code) == ["RL1060"])
    #expect(fixture.store.position.current.revision == 1)
  }

  @Test func `a write sees all before it, and none that was undone`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await fixture.apply(fixture.workspace("other", names: "*/a"), mode: .dryRun)
    try await fixture.apply(fixture.workspace("first", names: "*/a"))
    let contested = try #require(
      await rejection { try await fixture.apply(fixture.workspace("other", names: "*/a")) })
    #expect(contested.map(\.code) == ["RL1060"])
    // Not by way of the use cases.
    let first = ManagementFixture.tenant.child(.workspace, "first")
    _ = try await fixture.store.commit(
      ProposedChange(actor: "other", steps: [.delete(ref: first, expecting: nil)]))
    let result = try await fixture.apply(fixture.workspace("other", names: "*/a"))
    #expect(result.results.map(\.outcome) == [.created])
    #expect(try await fixture.store.verifyChains() == nil)
  }

  @Test func `of concurrent writers that want one namespace exactly one gets it`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    let wins = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<12 {
        group.addTask { [fixture] in
          let yaml = fixture.workspace("w\(number)", names: "*/contested")
          return (try? await fixture.apply(yaml)) != nil
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(wins == 1)
  }

  @Test func `a namespace is free again once its owner is gone`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    _ = try await operations.delete(administrator, ManagementFixture.workspace, cascade: true)
    try await fixture.apply(fixture.workspace("other", names: "*/shop"))
  }

  @Test func `an object with children is deleted only when asked to take them along`() async throws
  {
    try await fixture.apply(ManagementFixture.tree)
    await #expect {
      try await operations.delete(administrator, ManagementFixture.tenant, cascade: false)
    } throws: { error in
      guard case OperationError.hasChildren = error else { return false }
      return true
    }
    let gone = try await operations.delete(
      administrator, ManagementFixture.tenant, cascade: true)
    #expect(
      gone.results.map(\.ref) == [
        ManagementFixture.group, ManagementFixture.workspace, ManagementFixture.tenant,
      ])
    #expect(gone.revision == Revision(2))
  }

  @Test func `a protected object refuses to go, also below a cascade`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    _ = try await operations.patch(
      administrator, ManagementFixture.workspace, ["spec": ["deletionProtectionEnabled": true]])
    for ref in [ManagementFixture.workspace, ManagementFixture.tenant] {
      await #expect {
        try await operations.delete(administrator, ref, cascade: true)
      } throws: { error in
        guard case OperationError.protected(ManagementFixture.workspace) = error else {
          return false
        }
        return true
      }
    }
  }

  @Test func `what others refer to cannot be deleted`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await fixture.apply(
      """
      apiVersion: security.rialto.mesh/v2
      kind: Group
      metadata: {name: s, organization: acme, tenant: t, workspace: w}
      spec: {namespaceSelector: {names: ["*/shop"]}}
      ---
      apiVersion: api.rialto.mesh/v2
      kind: Tenant
      metadata: {name: u, organization: acme}
      ---
      apiVersion: security.rialto.mesh/v2
      kind: SecuritySetting
      metadata: {name: d, organization: acme, tenant: t, workspace: w, group: s}
      spec:
        authorization:
          mode: RULES
          rules:
            allow:
            - from: {fqn: organizations/acme/tenants/u}
              to: {fqn: organizations/acme/tenants/t}
      """)
    let other = ManagementFixture.organization.child(.tenant, "u")
    let found = try #require(
      await rejection { try await operations.delete(administrator, other, cascade: false) })
    #expect(found.map(\.code) == ["RL1064"])
  }

  @Test func `a reference to nothing is refused`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    let yaml = """
      apiVersion: security.rialto.mesh/v2
      kind: Group
      metadata: {name: s, organization: acme, tenant: t, workspace: w}
      spec: {namespaceSelector: {names: ["*/shop"]}}
      ---
      apiVersion: security.rialto.mesh/v2
      kind: SecuritySetting
      metadata: {name: d, organization: acme, tenant: t, workspace: w, group: s}
      spec:
        authorization:
          mode: RULES
          rules:
            deny:
            - from: {fqn: organizations/acme/tenants/nobody}
              to: {fqn: organizations/acme/tenants/t}
      """
    let found = try #require(await rejection { try await fixture.apply(yaml) })
    #expect(found.map(\.code) == ["RL1064"])
    #expect(found.first?.mark?.line == 14)
  }

  @Test(arguments: [Precondition.revision(Revision(7)), .absent, .impossible])
  func `a precondition that does not hold refuses the write`(condition: Precondition) async throws {
    try await fixture.apply(ManagementFixture.tree)
    await #expect(throws: OperationError.self) {
      try await operations.patch(
        administrator, ManagementFixture.tenant, ["metadata": ["description": "x"]],
        expecting: condition)
    }
    #expect(fixture.store.position.current.revision == 1)
  }

  @Test func `an etag in the body counts like the header`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    func put(etag: String, expecting: Precondition = .none) async throws {
      let body = ManagementFixture.text(
        "{metadata: {description: \"\(etag)\", etag: \"\(etag)\"}, spec: {}}")
      _ = try await operations.put(
        administrator, ManagementFixture.tenant, body, expecting: expecting)
    }
    await #expect(throws: OperationError.self) { try await put(etag: "9") }
    await #expect(throws: OperationError.self) {
      try await put(etag: "1", expecting: .revision(Revision(2)))
    }
    try await put(etag: "1", expecting: .revision(Revision(1)))
    #expect(fixture.store.position.current.revision == 2)
  }

  @Test func `a merge patch changes and removes single fields`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    _ = try await operations.patch(
      administrator, ManagementFixture.tenant,
      ["metadata": ["description": "d", "displayName": "n"]])
    _ = try await operations.patch(
      administrator, ManagementFixture.tenant, ["metadata": ["displayName": nil]])
    let object = try await operations.get(administrator, ManagementFixture.tenant)
    #expect(object.manifest["metadata"]?["description"] == "d")
    #expect(object.manifest["metadata"]?["displayName"] == nil)
    let found = try #require(
      await rejection {
        try await operations.patch(
          administrator, ManagementFixture.tenant, ["spec": ["colour": "red"]])
      })
    #expect(found.map(\.code) == ["RL1003"])
  }

  @Test func `a dry run checks everything and writes nothing`() async throws {
    let planned = try await fixture.apply(ManagementFixture.tree, mode: .dryRun)
    #expect(planned.isDryRun)
    #expect(planned.results.count == 5)
    #expect(fixture.store.position.current.revision == 0)
    try await fixture.apply(ManagementFixture.tree)
    #expect(
      await rejection {
        try await fixture.apply(fixture.workspace("x", names: "*/shop"), mode: .dryRun)
      } != nil)
  }

  @Test func `nobody in particular may do nothing`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    await #expect(throws: OperationError.self) {
      try await operations.get(.anonymous, ManagementFixture.tenant)
    }
    await #expect(throws: OperationError.self) {
      try await operations.delete(.anonymous, ManagementFixture.tenant, cascade: true)
    }
    await #expect(throws: OperationError.self) {
      try await operations.apply(.anonymous, ManagementFixture.text("{"))
    }
    #expect(throws: OperationError.self) { try operations.proxies(.anonymous) }
  }

  @Test func `a join token is for a cluster that exists, and its line runs unedited`() async throws
  {
    try await fixture.apply(ManagementFixture.tree)
    let token = try await operations.issueJoinToken(
      administrator, cluster: ManagementFixture.cluster)
    #expect(token.commandLine.contains("'\(token.text)'"))
    #expect(token.commandLine.contains("--server https://mesh.example:9443 --token-file -"))
    #expect(!"\(token)".contains(token.text))
    let entries = try await fixture.store.auditEntries(limit: 1)
    #expect(entries.first?.event.event == "join_token.issued")
    await #expect(throws: OperationError.self) {
      try await operations.issueJoinToken(
        administrator, cluster: ManagementFixture.organization.child(.cluster, "west"))
    }
  }

  @Test func `an API key works until it expires, and no other text does`() async throws {
    let key = try await operations.issueAdministratorKey()
    #expect(try operations.principal(bearing: key.text) == administrator)
    #expect(!"\(key)".contains(key.text))
    let expired = try await operations.issueAdministratorKey(expiresAt: 1)
    let stored = fixture.store.apiToken(id: String(key.text.dropFirst(4).prefix(16)))
    #expect(stored?.secretHash.count == 32)
    var wrong = Array(key.text.utf8)
    wrong[30] = wrong[30] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
    for text in [expired.text, String(decoding: wrong, as: UTF8.self), "", "rlt_", "rlt___"] {
      #expect(throws: OperationError.self) { try operations.principal(bearing: text) }
    }
  }
}
