import Foundation
import Identity

/// The present, once: certificates of the product are checked against the real clock in handshakes.
let now = Date()

func authority(_ trustDomain: String) throws -> CertificateAuthority {
  try .cluster(trustDomain: trustDomain, key: PrivateKey(), now: now)
}

func issue(
  from authority: CertificateAuthority, to key: PrivateKey, as id: SPIFFEID,
  lifetime: Duration = .seconds(3600), at date: Date = now
) throws -> [[UInt8]] {
  try authority.issue(
    CertificateRequest(der: CertificateRequest.make(for: key)), as: id, dnsNames: [],
    addresses: [], lifetime: lifetime, now: date)
}
