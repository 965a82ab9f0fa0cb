import HTTPTypes
import Hummingbird

/// What every answer carries.
enum SecurityHeaders {
  static let pagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    + "connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    + "form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
  static let dataPolicy = "default-src 'none'; frame-ancestors 'none'"

  private static let fields: [HTTPField] = [
    ("Content-Security-Policy", dataPolicy), ("Strict-Transport-Security", "max-age=31536000"),
    ("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"), ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
  ].compactMap { name, value in HTTPField.Name(name).map { HTTPField(name: $0, value: value) } }

  /// Does not replace what a handler has said.
  static func add(to response: inout Response) {
    for field in fields where !response.headers.contains(field.name) {
      response.headers.append(field)
    }
  }
}
