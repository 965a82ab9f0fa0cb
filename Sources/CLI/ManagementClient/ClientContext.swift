/// How to reach one server, and as whom.
package struct ClientContext: Hashable, Sendable {
  package var name: String
  /// `https://HOST:PORT`.
  package var server: String
  /// The certificates, in PEM, of the only authorities that the server may be certified by.
  package var certificateAuthority: String
  /// An API token; secret.
  package var token: String
  /// What commands are about that do not say otherwise.
  package var organization: String?
  package var tenant: String?

  package init(
    name: String, server: String, certificateAuthority: String, token: String,
    organization: String? = nil, tenant: String? = nil
  ) {
    self.name = name
    self.server = server
    self.certificateAuthority = certificateAuthority
    self.token = token
    self.organization = organization
    self.tenant = tenant
  }
}

extension ClientContext: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "context \(name) of \(server) (token redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: ["name": name, "server": server]) }
}
