package import Identity

/// Who the management server is, and the authority that names agents.
package struct ManagementIdentity: Sendable {
  package let organization: String
  /// Signs agents' certificates.
  package let authority: CertificateAuthority
  /// The certificates (DER) by which agents and the server recognise each other; holds those of
  /// `authority` and, while one replaces another, the other's.
  package let authorities: [[UInt8]]

  package init(organization: String, authority: CertificateAuthority, authorities: [[UInt8]]) {
    self.organization = organization
    self.authority = authority
    self.authorities = authorities
  }

  package var trustDomain: String { SPIFFEID.managementTrustDomain(organization: organization) }
  package var bundle: TrustBundle { TrustBundle(authorities: [trustDomain: authorities]) }
}
