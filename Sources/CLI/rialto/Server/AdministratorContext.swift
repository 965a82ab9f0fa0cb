/// What a CLI needs to talk to a server as its administrator; a file of contexts with one in it.
struct AdministratorContext {
  var server: String
  var organization: String
  /// PEM.
  var authority: String
  /// Secret.
  var token: String

  /// YAML.
  var text: String {
    let authority = authority.split(separator: "\n").map { "      \($0)" }
      .joined(separator: "\n")
    return """
      currentContext: default
      contexts:
        - name: default
          server: \(server)
          organization: \(organization)
          token: \(token)
          certificateAuthority: |
      \(authority)

      """
  }
}
