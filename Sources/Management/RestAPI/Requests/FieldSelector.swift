import Model
import Operations
import Storage

/// `metadata.name=orders`, `spec.service=shop/orders`: only of fields that have an index.
enum FieldSelector {
  static func requirements(_ text: String?, of kind: Kind) throws -> [FieldRequirement] {
    guard let text, !text.isEmpty else { return [] }
    return try text.split(separator: ",", omittingEmptySubsequences: false).map { term in
      let parts = term.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw OperationError.malformed("fieldSelector is a list such as metadata.name=orders")
      }
      // `==` means the same.
      let value = parts[1].utf8.first == UInt8(ascii: "=") ? parts[1].dropFirst() : parts[1]
      switch (Call.trimmedOnly(parts[0].utf8), kind) {
      case ("metadata.name", _): return .name(Call.trimmedOnly(value.utf8))
      case ("spec.service", .serviceRoute):
        return .service(spellings(of: Call.trimmedOnly(value.utf8)))
      case (let field, _):
        let known = ["metadata.name"] + (kind == .serviceRoute ? ["spec.service"] : [])
        throw OperationError.malformed(
          "there is no index of \(field) here; fieldSelector knows \(known.joined(separator: ", "))"
        )
      }
    }
  }

  /// A service may be written with its whole host name.
  private static func spellings(of service: String) -> [String] {
    let parts = service.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else { return [service] }
    let ending = ".\(parts[0]).mesh"
    let short = parts[1].hasSuffix(ending) ? String(parts[1].dropLast(ending.count)) : parts[1]
    return ["\(parts[0])/\(short)", "\(parts[0])/\(short)\(ending)"]
  }
}
