import Documents
import Model
import Storage
import Streams
import TestSupport
import Testing

/// Objects of a small tree, without meaning: the store does not look inside.
enum Sample {
  static let organization = ResourceRef(.organization, ["acme"])
  static let tenant = organization.child(.tenant, "t")
  static let workspace = tenant.child(.workspace, "w")
  static let east = organization.child(.cluster, "east")

  static func put(
    _ ref: ResourceRef, _ note: String = "", labels: [String: String] = [:],
    expecting: Int64? = nil
  ) -> ProposedChange.Step {
    .put(
      ref: ref, manifest: ["kind": .string(ref.kind.name), "note": .string(note)], labels: labels,
      expecting: expecting.map(Revision.init))
  }
}

@Suite struct `The store` {
  private let folder: TemporaryFolder
  private let store: Store

  init() throws {
    folder = try TemporaryFolder()
    store = try Store(directory: folder.path)
  }

  @discardableResult
  private func commit(_ steps: ProposedChange.Step...) async throws -> Committed {
    try await store.commit(ProposedChange(actor: "administrator", steps: steps))
  }

  @Test func `many objects in one change get one revision, whatever their order`() async throws {
    let committed = try await commit(
      Sample.put(Sample.workspace), Sample.put(Sample.organization), Sample.put(Sample.tenant))
    #expect(committed.revision == Revision(1))
    #expect(committed.results.map(\.ref) == [Sample.organization, Sample.tenant, Sample.workspace])
    #expect(store.position.current.revision == 1)
    let stored = try await store.object(Sample.workspace)
    #expect(stored?.created == Revision(1))
    let change = try await store.change(Revision(1))
    #expect(change?.steps.count == 3)
    #expect(change?.actor == "administrator")
  }

  @Test func `writing the same again changes nothing and makes no revision`() async throws {
    try await commit(Sample.put(Sample.organization, "a"))
    let again = try await commit(Sample.put(Sample.organization, "a"))
    #expect(again.revision == Revision(1))
    #expect(again.results.map(\.outcome) == [.unchanged])
    #expect(try await store.change(Revision(2)) == nil)
  }

  @Test func `a stale revision is refused, and nothing of that change is written`() async throws {
    try await commit(Sample.put(Sample.organization, "a"))
    try await commit(Sample.put(Sample.organization, "b", expecting: 1))
    await #expect(
      throws: StoreError.stale(Sample.organization, expected: Revision(1), actual: Revision(2))
    ) {
      try await commit(
        Sample.put(Sample.tenant), Sample.put(Sample.organization, "c", expecting: 1))
    }
    #expect(try await store.object(Sample.tenant) == nil)
  }

  @Test func `create only refuses what exists, replace only what does not`() async throws {
    try await commit(Sample.put(Sample.organization, expecting: 0))
    await #expect(throws: StoreError.exists(Sample.organization)) {
      try await commit(Sample.put(Sample.organization, expecting: 0))
    }
    await #expect(throws: StoreError.missing(Sample.tenant)) {
      try await commit(Sample.put(Sample.tenant, expecting: 1))
    }
    await #expect(throws: StoreError.missing(Sample.tenant)) {
      try await commit(.delete(ref: Sample.tenant, expecting: nil))
    }
  }

  @Test func `there is no child without its parent`() async throws {
    await #expect(throws: StoreError.missingParent(Sample.tenant)) {
      try await commit(Sample.put(Sample.tenant))
    }
    try await commit(Sample.put(Sample.organization), Sample.put(Sample.tenant))
    await #expect(throws: StoreError.hasChildren(Sample.organization, child: Sample.tenant)) {
      try await commit(.delete(ref: Sample.organization, expecting: nil))
    }
    let gone = try await commit(
      .delete(ref: Sample.organization, expecting: nil), .delete(ref: Sample.tenant, expecting: nil)
    )
    #expect(gone.results.map(\.ref) == [Sample.tenant, Sample.organization])
  }

  @Test func `a dry run says what would happen and leaves no trace`() async throws {
    let planned = try await store.commit(actor: "administrator", mode: .dryRun) { _ in
      [Sample.put(Sample.organization)]
    }
    #expect(planned.results.map(\.outcome) == [.created])
    #expect(try await store.object(Sample.organization) == nil)
    #expect(store.position.current.revision == 0)
    #expect(try await commit(Sample.put(Sample.organization)).revision == Revision(1))
  }

  @Test func `of concurrent creations of one object exactly one wins`() async throws {
    let wins = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<16 {
        group.addTask {
          let step = Sample.put(Sample.organization, "\(number)", expecting: 0)
          let change = ProposedChange(actor: "a", steps: [step])
          return (try? await store.commit(change)) != nil
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(wins == 1)
    #expect(store.position.current.revision == 1)
  }

  @Test func `a batch folds everything after a position`() async throws {
    try await commit(Sample.put(Sample.organization), Sample.put(Sample.tenant))
    let all = try await store.batch(after: Store.Position())
    #expect(Set(all.objects.keys) == [Sample.organization, Sample.tenant])
    try await commit(.delete(ref: Sample.tenant, expecting: nil))
    try await commit(Sample.put(Sample.organization, "new"))
    let newer = try await store.batch(after: all.position)
    #expect(newer.revision == Revision(3))
    #expect(newer.objects.count == 2)
    #expect(newer.objects[Sample.tenant] == .some(nil))
    #expect(newer.objects[Sample.organization]??.manifest["note"] == "new")
    #expect(try await store.batch(after: newer.position).objects.isEmpty)
  }

  @Test func `all pages show the revision of the first, whatever is written meanwhile`()
    async throws
  {
    try await commit(Sample.put(Sample.organization))
    for name in ["a", "b", "c", "d", "e"] {
      try await commit(
        Sample.put(
          Sample.organization.child(.tenant, name), labels: ["odd": name == "b" ? "n" : "y"]))
    }
    let collection = Sample.tenant.collection
    func list(_ cursor: Store.Cursor?, _ labels: [LabelRequirement] = []) async throws -> Store.Page
    {
      try await store.list(
        Store.Selection(collection: collection, labels: labels), limit: 2, after: cursor)
    }
    let before = try await store.list(Store.Selection(collection: collection), limit: 10).objects
    let first = try await list(nil)
    #expect(first.objects.map(\.ref.name) == ["a", "b"])
    // One goes and comes back, one goes, one changes, one is new.
    try await commit(.delete(ref: Sample.organization.child(.tenant, "c"), expecting: nil))
    try await commit(Sample.put(Sample.organization.child(.tenant, "c"), "again"))
    try await commit(.delete(ref: Sample.organization.child(.tenant, "d"), expecting: nil))
    try await commit(Sample.put(Sample.organization.child(.tenant, "e"), "new"))
    try await commit(Sample.put(Sample.organization.child(.tenant, "cc")))
    let second = try await list(first.next)
    let third = try await list(second.next)
    func facts(_ objects: [StoredObject]) -> [[String]] {
      objects.map { object in
        [
          object.ref.name, object.manifest.canonicalText,
          "\(object.created) \(object.revision) \(object.createdAt) \(object.updatedAt)",
        ]
      }
    }
    #expect(facts(first.objects + second.objects + third.objects) == facts(before))
    #expect(third.next == nil && third.revision == first.revision)
    #expect(try await list(nil).revision > first.revision)
    let odd = try await list(nil, [.isOne("odd", of: ["y", "z"])])
    #expect(odd.objects.map(\.ref.name) == ["a"])
    #expect(
      try await store.list(
        Store.Selection(collection: collection, fields: [.name("e")]), limit: 5
      ).objects.map(\.ref.name) == ["e"])
    await #expect(throws: StoreError.revisionGone(Revision(99))) {
      try await list(Store.Cursor(revision: Revision(99), fqn: ""))
    }
  }

  @Test func `values and API tokens are kept, secrets only as hashes`() async throws {
    try await store.setValue("authority", [1, 2])
    try await store.setValue("authority", [3])
    #expect(try await store.value("authority") == [3])
    #expect(try await store.value("other") == nil)
    let token = Store.APIToken(
      id: "k", principal: "administrator", secretHash: Array(repeating: 7, count: 32))
    try await store.addAPIToken(token)
    #expect(store.apiToken(id: "k") == token)
    try await store.removeAPIToken(id: "k")
    #expect(store.apiToken(id: "k") == nil)
  }
}
