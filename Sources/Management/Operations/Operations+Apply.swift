package import Access
package import Documents
package import Manifests
package import Model
package import Storage

extension Operations {
  /// A text as it came.
  package struct Text: Sendable {
    package var bytes: [UInt8]
    package var format: TextFormatName
    /// What the client calls it, for messages.
    package var file: String?

    package init(bytes: [UInt8], format: TextFormatName, file: String? = nil) {
      self.bytes = bytes
      self.format = format
      self.file = file
    }
  }

  /// Writes every manifest in `text` as one change.
  ///
  /// - Parameters:
  ///   - skipsForeign: leaves out objects of other APIs, with a warning each.
  ///   - base: the revision that there must be, and none after it.
  package func apply(
    _ principal: Principal, _ text: Text, skipsForeign: Bool = false, mode: Store.Mode = .write,
    once: Once? = nil, on base: Revision? = nil
  ) async throws -> WriteResult {
    try authorizeToWrite(principal)
    let read = Manifests.read(
      text.bytes, file: text.file, format: text.format,
      options: ReadingOptions(skipsForeign: skipsForeign))
    if read.hasErrors { throw OperationError.rejected(read.diagnostics) }
    guard !read.value.isEmpty else { throw OperationError.malformed("there is no object in it") }
    return try await write(
      principal, read.value.map { .put($0, .none) }, mode: mode, warnings: read.diagnostics,
      once: once, on: base)
  }

  /// Creates or replaces one object.
  package func put(
    _ principal: Principal, _ ref: ResourceRef, _ text: Text, expecting: Precondition = .none,
    mode: Store.Mode = .write
  ) async throws -> WriteResult {
    try authorizeToWrite(principal)
    let read = Manifests.readBody(text.bytes, at: ref, format: text.format)
    guard let manifest = read.value, !read.hasErrors else {
      throw OperationError.rejected(read.diagnostics)
    }
    return try await write(
      principal, [.put(manifest, expecting)], mode: mode, warnings: read.diagnostics)
  }

  /// Creates one object in a collection; the body names it.
  package func create(
    _ principal: Principal, in collection: Collection, _ text: Text, mode: Store.Mode = .write,
    once: Once? = nil
  ) async throws -> WriteResult {
    try authorizeToWrite(principal)
    let read = Manifests.read(text.bytes, file: text.file, format: text.format)
    if read.hasErrors { throw OperationError.rejected(read.diagnostics) }
    guard let manifest = read.value.first, read.value.count == 1 else {
      throw OperationError.malformed("the body has to be exactly one object")
    }
    guard manifest.ref.kind == collection.kind, manifest.ref.parent == collection.parent else {
      throw OperationError.malformed("\(manifest.ref.fqn) does not belong to \(collection.fqn)")
    }
    return try await write(
      principal, [.put(manifest, .absent)], mode: mode, warnings: read.diagnostics, once: once)
  }

  /// Changes the fields that a merge patch names.
  package func patch(
    _ principal: Principal, _ ref: ResourceRef, _ patch: Document,
    expecting: Precondition = .none, mode: Store.Mode = .write
  ) async throws -> WriteResult {
    guard patch.object != nil else { throw OperationError.malformed("a patch is an object") }
    return try await write(principal, [.patch(ref, patch, expecting)], mode: mode)
  }

  /// Deletes an object, with everything below it only when `cascade` says so.
  package func delete(
    _ principal: Principal, _ ref: ResourceRef, cascade: Bool, expecting: Precondition = .none,
    mode: Store.Mode = .write
  ) async throws -> WriteResult {
    try await write(principal, [.delete(ref, cascade: cascade, expecting)], mode: mode)
  }

  /// Nobody without any right learns what is wrong with a text.
  private func authorizeToWrite(_ principal: Principal) throws {
    guard principal != .anonymous else { throw OperationError.unauthenticated }
  }
}

/// The objects of one kind below one parent.
package struct Collection: Hashable, Sendable {
  package let kind: Kind
  package let parent: ResourceRef?

  /// `organizations/acme/tenants`, or nil when that is no collection.
  package init?(fqn: String) {
    guard let slash = fqn.utf8.lastIndex(of: UInt8(ascii: "/")) else {
      guard let kind = Kind(collection: fqn, below: nil) else { return nil }
      self.kind = kind
      parent = nil
      return
    }
    guard let parent = ResourceRef(fqn: String(fqn[..<slash])),
      let kind = Kind(collection: String(fqn[fqn.index(after: slash)...]), below: parent.kind)
    else { return nil }
    self.kind = kind
    self.parent = parent
  }

  package var fqn: String { (parent.map { "\($0.fqn)/" } ?? "") + kind.collection }
}
