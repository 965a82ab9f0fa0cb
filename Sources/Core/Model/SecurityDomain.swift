/// A name that parts of the tree share, so that rules can be about all of them:
/// `organizations/acme/securitydomains/payments`. It is no object.
package struct SecurityDomain: Hashable, Sendable {
  package let organization: String
  package let name: String

  package init(organization: String, name: String) {
    self.organization = organization
    self.name = name
  }

  package init?(fqn: String) {
    let parts = fqn.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 4, parts[0] == "organizations", parts[2] == "securitydomains",
      !parts[1].isEmpty, !parts[3].isEmpty
    else { return nil }
    self.init(organization: parts[1], name: parts[3])
  }

  package var fqn: String { "organizations/\(organization)/securitydomains/\(name)" }
}

/// One side of a rule.
package enum AccessParty: Hashable, Sendable {
  /// A tenant, a workspace or a security group.
  case part(ResourceRef)
  /// Every part of the tree that is in it.
  case domain(SecurityDomain)

  package var fqn: String {
    switch self {
    case .part(let ref): ref.fqn
    case .domain(let domain): domain.fqn
    }
  }

  /// Whether everybody in the other is in this, whatever the tree is like.
  package func contains(_ other: AccessParty) -> Bool {
    if case .part(let mine) = self, case .part(let theirs) = other { return mine.contains(theirs) }
    return self == other
  }
}
