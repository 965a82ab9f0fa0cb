import Foundation
import Model
import Operations
import Storage

/// Where the next page of a list begins, in a form that says nothing to clients.
enum Continuation {
  static func text(_ parts: String...) -> String { encoded(parts.joined(separator: "\n")) }

  static func text(_ cursor: Store.Cursor, in collection: Collection) -> String {
    let name = cursor.fqn.utf8.dropFirst(collection.fqn.utf8.count + 1)
    return text(String(cursor.revision.number), String(decoding: name, as: UTF8.self))
  }

  static func cursor(_ text: String, in collection: Collection) throws -> Store.Cursor {
    let parts = try parts(of: text, count: 2)
    guard let number = Int64(parts[0]), number >= 0 else { throw malformed }
    return Store.Cursor(revision: Revision(number), fqn: "\(collection.fqn)/\(parts[1])")
  }

  static func revision(_ text: String) throws -> Revision {
    guard let number = Int64(try parts(of: text, count: 1)[0]), number > 0 else { throw malformed }
    return Revision(number)
  }

  private static let malformed = OperationError.malformed("continue is not what an answer said")

  private static func encoded(_ text: String) -> String {
    let bytes = Data(text.utf8).base64EncodedString().utf8.compactMap { byte -> UInt8? in
      switch byte {
      case UInt8(ascii: "+"): UInt8(ascii: "-")
      case UInt8(ascii: "/"): UInt8(ascii: "_")
      case UInt8(ascii: "="): nil
      default: byte
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func parts(of text: String, count: Int) throws -> [String] {
    var bytes = text.utf8.map { byte -> UInt8 in
      switch byte {
      case UInt8(ascii: "-"): UInt8(ascii: "+")
      case UInt8(ascii: "_"): UInt8(ascii: "/")
      default: byte
      }
    }
    while !bytes.count.isMultiple(of: 4) { bytes.append(UInt8(ascii: "=")) }
    guard text.utf8.count <= 1024, let data = Data(base64Encoded: Data(bytes)),
      let decoded = String(validating: data, as: UTF8.self)
    else { throw malformed }
    let parts = decoded.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == count else { throw malformed }
    return parts
  }
}
