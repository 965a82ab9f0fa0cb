import HTTPTypes
import Hummingbird

/// What every answer carries.
enum SecurityHeaders {
  static let pagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    + "connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    + "form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
  static let dataPolicy = "default-src 'none'; frame-ancestors 'none'"

  static func add(to response: inout Response) {
    set("Content-Security-Policy", to: dataPolicy, in: &response)
    set("Strict-Transport-Security", to: "max-age=31536000", in: &response)
    set("X-Content-Type-Options", to: "nosniff", in: &response)
    set("Cross-Origin-Opener-Policy", to: "same-origin", in: &response)
    set("Cross-Origin-Resource-Policy", to: "same-origin", in: &response)
    set("Referrer-Policy", to: "no-referrer", in: &response)
    set("Cache-Control", to: "no-store", in: &response)
  }

  /// Does not replace what a handler has said.
  private static func set(_ name: String, to value: String, in response: inout Response) {
    guard let field = HTTPField.Name(name), response.headers[field] == nil else { return }
    response.headers[field] = value
  }
}
