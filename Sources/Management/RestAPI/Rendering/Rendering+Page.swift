import Documents
import Model
import Storage

extension Rendering {
  /// A page of a list, as canonical JSON: what is stored of an object goes out as it is, and only its
  /// metadata is made anew.
  ///
  /// - Throws: `StoreError.unreadable`
  static func page(_ page: Store.PageOf<ListedObject>, next: String?) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(page.objects.count * 768 + 256)
    bytes += "{".utf8
    if let next { bytes += "\"continue\":\(Document.string(next).canonicalText),".utf8 }
    bytes += "\"items\":[".utf8
    // Many objects were written at once.
    var times: [Int64: Document] = [:]
    func time(_ milliseconds: Int64) -> Document {
      if let known = times[milliseconds] { return known }
      let text = Self.time(milliseconds)
      times[milliseconds] = text
      return text
    }
    for (index, object) in page.objects.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      let isWhole = CanonicalObject(text: object.manifest)
        .append(to: &bytes, replacing: "metadata") { metadata in
          var members = metadata.object ?? [:]
          members["fqn"] = .string(object.fqn)
          members["etag"] = .string(String(object.revision.number))
          members["created"] = .integer(object.created.number)
          members["createdAt"] = time(object.createdAt)
          members["updatedAt"] = time(object.updatedAt)
          return .object(members)
        }
      guard isWhole else { throw StoreError.unreadable("\(object.fqn) has no metadata") }
    }
    bytes += "],\"revision\":\(page.revision.number)}".utf8
    return bytes
  }
}
