import HTTPTypes
import Hummingbird
import HummingbirdCore

/// How much a request may say before its body. The decoder below cuts connections off that exceed
/// it many times; what is merely too large gets an answer that says so.
enum RequestShape {
  static let largestTarget = 8 << 10
  static let largestField = 16 << 10
  static let largestHeader = 32 << 10
  static let mostFields = 100

  static func check(_ request: Request) throws {
    guard (request.head.path ?? "").utf8.count <= largestTarget else {
      throw Problem(
        .uriTooLong, .targetTooLong, "Target too long",
        "a path and its query have at most \(largestTarget) bytes")
    }
    var total = 0
    for field in request.headers {
      let size = field.name.rawName.utf8.count + field.value.utf8.count
      guard size <= largestField else { throw tooLarge }
      total += size
    }
    guard total <= largestHeader, request.headers.count <= mostFields else { throw tooLarge }
  }

  private static let tooLarge = Problem(
    .requestHeaderFieldsTooLarge, .headerTooLarge, "Header too large",
    "a header has at most \(mostFields) fields, \(largestField) bytes in one and \(largestHeader) in "
      + "all")
}
