import Model

/// What a text field may hold: its name, a pattern for schemas and the check itself.
///
/// Checks work on bytes: two texts that look alike are two texts.
package struct TextFormat: Sendable {
  /// In a few words: `host name`.
  package let title: String
  /// An ECMA regular expression that accepts at least everything the check accepts.
  package let pattern: String?
  package let longest: Int
  let code: ManifestCode
  /// What is wrong with a text, as the end of the sentence "'…' …"; nil when nothing is.
  let problem: @Sendable (String) -> String?
  /// Whether only those who ask for the object itself get to see it.
  private(set) var isSecret = false
  /// What a text of TSB that does not fit is called here.
  private(set) var conversion: (@Sendable (String) -> String?)?

  init(
    _ title: String, pattern: String? = nil, longest: Int = 1024,
    code: ManifestCode = .badFormat, problem: @escaping @Sendable (String) -> String?
  ) {
    self.title = title
    self.pattern = pattern
    self.longest = longest
    self.code = code
    self.problem = problem
  }

  private func converting(_ conversion: @escaping @Sendable (String) -> String?) -> TextFormat {
    var format = self
    format.conversion = conversion
    return format
  }

  private var kept: TextFormat {
    var format = self
    format.isSecret = true
    return format
  }

  func complaint(about text: String) -> String? {
    if text.utf8.count > longest { return "is longer than \(longest) bytes" }
    return problem(text)
  }
}

extension TextFormat {
  /// One line for people.
  static let line = TextFormat("text") { text in
    text.utf8.contains(where: isControl) ? "holds a control character" : nil
  }

  /// Several lines for people.
  static let prose = TextFormat("text", longest: 8192) { text in
    text.utf8.contains { isControl($0) && $0 != 0x0A && $0 != 0x09 }
      ? "holds a control character" : nil
  }

  static let name = TextFormat(
    "name", pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", longest: 63, code: .badName
  ) { text in
    isDNSLabel(text.utf8) ? nil : "is no DNS label (lower-case letters, digits and '-')"
  }.converting(convertedName)

  static let fullServiceName = TextFormat(
    "service.namespace", pattern: "^[a-z0-9-]+\\.[a-z0-9-]+$", longest: 127, code: .badName
  ) { text in
    isName(text, of: .service) ? nil : "names no service; write SERVICE.NAMESPACE"
  }

  static let fqn = TextFormat("FQN", pattern: "^(organizations|rbac)/") { text in
    fqnProblem(text)
  }.converting(convertedFQN)

  static let domain = TextFormat(
    "security domain", pattern: "^organizations/[^/]+/securitydomains/[^/]+$"
  ) { text in
    isDomain(text)
      ? nil : "is no security domain; write organizations/ORGANIZATION/securitydomains/NAME"
  }.converting(convertedFQN)

  /// What rules are about.
  static let party = TextFormat("FQN", pattern: "^organizations/") { text in
    isDomain(text) ? nil : fqnProblem(text)
  }.converting(convertedFQN)

  static let roleName = TextFormat("rbac/role", pattern: "^rbac/") { text in
    ResourceRef(fqn: text)?.kind == .role ? nil : "names no role; write rbac/NAME"
  }.converting(convertedFQN)

  /// Long text of another language: OpenAPI, keys, scripts.
  static let longText = TextFormat("text", longest: 1 << 19) { text in
    text.utf8.contains(0) ? "holds a NUL byte" : nil
  }

  /// What proves who somebody is: never in messages, plans, differences or logs.
  static let secret = TextFormat("secret", longest: 1 << 16) { text in
    if isMask(text) { return "stands for what is not shown; write the secret itself" }
    return text.utf8.contains(0) ? "holds a NUL byte" : nil
  }.kept

  static let secretName = TextFormat(
    "[namespace/]secret", pattern: "^([a-z0-9-]+/)?[a-z0-9.-]+$", longest: 317
  ) { text in
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return parts.count <= 2 && parts.allSatisfy { isHostName(Array($0)) }
      ? nil : "names no secret; write NAME or NAMESPACE/NAME"
  }

  /// A host of any kind in a namespace.
  static let namespacedHost = TextFormat("namespace/host", pattern: "^[a-z0-9-]+/.+$") { text in
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return parts.count == 2 && isDNSLabel(parts[0]) && isHostPattern(Array(parts[1]))
      ? nil : "names no host; write NAMESPACE/HOST"
  }

  static let settingPath = TextFormat("path of a setting", pattern: "^[A-Za-z.]+$") { text in
    unsetProperties(text).isEmpty
      ? "is no field that can be unset as a whole; these can: "
        + PolicyProperty.allCases.compactMap { $0.profilePath?.joined(separator: ".") }
        .joined(separator: ", ") : nil
  }

  static let trustDomain = TextFormat(
    "trust domain", pattern: "^[a-z0-9]([-._a-z0-9]*[a-z0-9])?$", longest: 255
  ) { text in
    let dots = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return dots.allSatisfy { isDNSLabel($0) }
      ? nil : "is no trust domain (DNS labels separated by dots, lower-case)"
  }

  static let networks = TextFormat(
    "networks, separated by commas", pattern: "^[a-z0-9, -]*$", longest: 4096
  ) { text in
    networkNames(text).allSatisfy { isDNSLabel($0.utf8) }
      ? nil : "is no list of networks (DNS labels separated by commas)"
  }

  static let namespaceTerm = TextFormat(
    "cluster/namespace", pattern: "^(\\*|[^/*]+)/(\\*|[^/*]+\\*?)$"
  ) { text in
    namespaceTermProblem(text)
  }

  static let service = TextFormat(
    "namespace/service", pattern: "^[a-z0-9-]+/[a-z0-9-]+(\\.[a-z0-9-]+\\.mesh)?$"
  ) { text in
    switch serviceName(text) {
    case .some: nil
    case .none: "names no service; write NAMESPACE/NAME or NAMESPACE/NAME.NAMESPACE.mesh"
    }
  }

  static let reachHost = TextFormat(
    "namespace/service or wildcard", pattern: "^(\\.|\\*|[a-z0-9-]+)/(\\*|[a-z0-9.-]+)$"
  ) { text in
    Manifests.reachHost(from: text) == nil
      ? "names no services; write './*', 'NAMESPACE/*', 'NAMESPACE/NAME' or '*/NAME'" : nil
  }

  /// Whoever has an identity at all.
  static let everyServiceAccount = "*/*"

  static let serviceAccount = TextFormat(
    "namespace/service account", pattern: "^(\\.|\\*|[a-z0-9-]+)/(\\*|[a-z0-9-]+)$"
  ) { text in
    serviceAccountPattern(text) == nil && text != everyServiceAccount
      ? "names no service account; write 'NAMESPACE/ACCOUNT', 'NAMESPACE/*', './*' or '*/*'" : nil
  }

  /// A host that clients ask for: a DNS name, `*.` before one, or `*`.
  static let hostname = TextFormat(
    "host name", pattern: "^(\\*|(\\*\\.)?[a-z0-9-]+(\\.[a-z0-9-]+)*)$", longest: 253
  ) { text in
    isHostPattern(text.utf8)
      ? nil : "is no host name (lower-case; '*.example.com' and '*' are allowed, ports are not)"
  }

  /// A host and perhaps a port, as a redirect or a rewrite puts it into a request.
  static let authority = TextFormat(
    "host[:port]", pattern: "^[a-z0-9-]+(\\.[a-z0-9-]+)*(:[0-9]+)?$", longest: 260
  ) { text in
    isAuthority(text.utf8) ? nil : "is no host name with an optional port"
  }

  static let path = TextFormat("path", pattern: "^/") { text in
    pathProblem(text)
  }

  static let filePath = TextFormat("absolute file path", pattern: "^/") { text in
    if text.utf8.first != UInt8(ascii: "/") {
      return "is no absolute path on the gateway's machine"
    }
    return text.utf8.contains(where: isControl) ? "holds a control character" : nil
  }

  static let headerName = TextFormat("header name", pattern: "^:?[!#$%&'*+.^_`|~0-9A-Za-z-]+$") {
    text in headerNameProblem(text)
  }

  /// A value that is compared with a header.
  static let headerValue = TextFormat("text") { text in
    text.utf8.contains { isControl($0) && $0 != 0x09 } ? "holds a control character" : nil
  }

  static let regularExpression = TextFormat(
    "RE2 regular expression", longest: 1024, code: .badRegularExpression
  ) { text in
    regularExpressionProblem(text).map { "is no regular expression of RE2: \($0)" }
  }

  static let labelKey = TextFormat(
    "label", pattern: "^([a-z0-9.-]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$", longest: 317
  ) { text in
    isLabelKey(text.utf8) ? nil : "is no label name"
  }

  static let labelValue = TextFormat(
    "label value", pattern: "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", longest: 63
  ) { text in
    text.utf8.isEmpty || isLabelPart(text.utf8)
      ? nil : "is no label value (letters, digits, '-', '_', '.')"
  }

  static let retryConditions = TextFormat("comma-separated conditions", pattern: "^[a-z0-9,-]*$") {
    text in retryConditionProblem(text)
  }

  static let body = TextFormat("text", longest: 4096) { text in
    text.utf8.contains(0) ? "holds a NUL byte" : nil
  }
}
