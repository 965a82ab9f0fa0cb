package import Access
package import Documents
import Logging
package import Manifests
package import Model
package import Planner
package import Storage
import Synchronization

/// One thing that a caller wants done.
package enum Draft: Sendable {
  case put(Manifest, Precondition)
  /// A merge patch (RFC 7396) over the stored manifest.
  case patch(ResourceRef, Document, Precondition)
  case delete(ResourceRef, cascade: Bool, Precondition)
  /// Deletes the object and what is below it, if it is there.
  case remove(ResourceRef)

  package var ref: ResourceRef {
    switch self {
    case .put(let manifest, _): manifest.ref
    case .patch(let ref, _, _), .delete(let ref, _, _), .remove(let ref): ref
    }
  }
}

package struct WriteResult: Sendable {
  /// The new revision, or the newest there was when nothing changed.
  package var revision: Revision
  package var isDryRun: Bool
  package var results: [Committed.Result]
  package var warnings: [Diagnostic]
  /// The revision that the change was worked out on.
  package var base: Revision
  /// Of a dry run: what would change in blueprints and at proxies.
  package var plan: MeshPlan?
}

/// What makes a request one that is done once, however often it is sent.
package struct Once: Sendable {
  let key: String
  let request: [UInt8]
  let answer: @Sendable (WriteResult) -> Store.Answer

  /// - Parameters:
  ///   - key: what the client calls the request.
  ///   - request: SHA-256 of what is asked.
  ///   - answer: what the client is told when it is done, and whenever it asks again.
  package init(
    key: String, request: [UInt8], answer: @escaping @Sendable (WriteResult) -> Store.Answer
  ) {
    self.key = key
    self.request = request
    self.answer = answer
  }
}

extension Operations {
  /// Does all of it as one change, or nothing. What is checked is what is true at the commit.
  ///
  /// - Parameter base: the revision that there must be, and none after it.
  /// - Throws: `Store.Answered` when `once` was done before.
  package func write(
    _ principal: Principal, _ drafts: [Draft], mode: Store.Mode = .write,
    warnings: [Diagnostic] = [], once: Once? = nil, on base: Revision? = nil
  ) async throws -> WriteResult {
    for draft in drafts { try authorize(principal, to: .read, on: draft.ref) }
    return try await write(principal, mode: mode, warnings: warnings, once: once) { view in
      if let base {
        let actual = try view.head().revision
        guard actual == base else { throw OperationError.moved(planned: base, actual: actual) }
      }
      return drafts
    }
  }

  /// The same for drafts that depend on what is there.
  func write(
    _ principal: Principal, mode: Store.Mode, warnings: [Diagnostic] = [], once: Once? = nil,
    _ drafts: @escaping @Sendable (borrowing StoreView) throws -> [Draft]
  ) async throws -> WriteResult {
    let found = Mutex(warnings)
    let once = once.map { once in
      Store.Once(key: once.key, request: once.request) { committed in
        once.answer(
          WriteResult(
            revision: committed.revision, isDryRun: false, results: committed.results,
            warnings: found.withLock { $0 }, base: committed.base))
      }
    }
    do {
      let committed = try await store.commit(actor: principal.name, mode: mode, once: once) {
        [self] view in
        let drafts = try drafts(view)
        let (steps, noticed) = try index.withCurrent(view) { current in
          try plan(principal, drafts, current)
        }
        found.withLock { $0 += noticed }
        return steps
      } written: { [self] committed, head in
        index.note(committed, head)
      }
      logger.info(
        "written",
        metadata: [
          "actor": "\(principal.name)", "revision": "\(committed.revision.number)",
          "objects": "\(committed.results.count)", "dry_run": "\(mode == .dryRun)",
        ])
      var result = WriteResult(
        revision: committed.revision, isDryRun: mode == .dryRun, results: committed.results,
        warnings: found.withLock { $0 }, base: committed.base)
      if mode == .dryRun { result.plan = try await plan(committed) }
      return result
    } catch let error as StoreError { throw OperationError(error) }
  }

  private func plan(
    _ principal: Principal, _ drafts: [Draft], _ current: CurrentObjects
  ) throws -> ([ProposedChange.Step], [Diagnostic]) {
    var puts: [Manifest] = []
    var deletions: Set<ResourceRef> = []
    var diagnostics: [Diagnostic] = []
    for draft in drafts {
      let stored = current.stored[draft.ref]
      switch draft {
      case .put(let manifest, let precondition):
        try authorize(principal, to: stored == nil ? .create : .update, on: draft.ref)
        try precondition.joined(with: manifest.etag, of: draft.ref)
          .check(draft.ref, against: stored)
        puts.append(manifest)
      case .patch(let ref, let patch, let precondition):
        try authorize(principal, to: .update, on: ref)
        guard let stored else { throw OperationError.missing(what: ref.text) }
        let patched = Manifests.manifest(from: stored.manifest.merging(patch), at: ref)
        diagnostics += patched.diagnostics
        if let manifest = patched.value {
          try precondition.joined(with: manifest.etag, of: ref).check(ref, against: stored)
          puts.append(manifest)
        }
      case .delete(let ref, let cascade, let precondition):
        try authorize(principal, to: .delete, on: ref)
        guard stored != nil else { throw OperationError.missing(what: ref.text) }
        try precondition.check(ref, against: stored)
        deletions.formUnion(try deletion(of: ref, cascade: cascade, principal, current))
      case .remove(let ref):
        guard stored != nil else { continue }
        try authorize(principal, to: .delete, on: ref)
        deletions.formUnion(try deletion(of: ref, cascade: true, principal, current))
      }
    }
    let change = IntendedChange(current: current, puts: puts, deletions: deletions)
    diagnostics += change.problems()
    guard !diagnostics.contains(where: { $0.severity == .error }) else {
      throw OperationError.rejected(diagnostics)
    }
    return (change.steps, diagnostics)
  }

  /// What has to go so that `ref` can go.
  private func deletion(
    of ref: ResourceRef, cascade: Bool, _ principal: Principal, _ current: CurrentObjects
  ) throws -> [ResourceRef] {
    let descendants = current.descendants(of: ref)
    if let child = descendants.first, !cascade {
      throw OperationError.hasChildren(ref, child: child)
    }
    let all = [ref] + descendants
    for descendant in descendants { try authorize(principal, to: .delete, on: descendant) }
    let isProtected: (ResourceRef) -> Bool = { ref in
      current.stored[ref].map { isDeletionProtected($0.manifest) } ?? false
    }
    if let protected = all.first(where: isProtected) {
      throw OperationError.protected(protected)
    }
    return all
  }
}

extension OperationError {
  init(_ error: StoreError) {
    switch error {
    case .stale(let ref, _, let actual): self = .preconditionFailed(ref, actual: actual)
    case .exists(let ref): self = .exists(ref)
    case .missing(let ref), .missingParent(let ref): self = .missing(what: ref.text)
    case .hasChildren(let ref, let child): self = .hasChildren(ref, child: child)
    case .repeated(let ref): self = .malformed("\(ref.text) is there twice")
    case .revisionGone(let revision): self = .revisionGone(revision)
    case .keyReused: self = .keyReused
    case .addressesExhausted: self = .busy("no virtual address is free")
    case .portsExhausted: self = .busy("no port for the traffic to another cluster is free")
    case .unreadable(let what): self = .busy("a row of the database cannot be read: \(what)")
    }
  }
}

extension Document {
  /// This document with a merge patch (RFC 7396) in it.
  func merging(_ patch: Document) -> Document {
    guard case .object(let changes) = patch else { return patch }
    var members = object ?? [:]
    for (key, change) in changes {
      if change == .null {
        members[key] = nil
      } else {
        members[key] = (members[key] ?? .null).merging(change)
      }
    }
    return .object(members)
  }
}
