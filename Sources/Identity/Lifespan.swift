package import FoundationEssentials
private import SwiftASN1
internal import X509

/// From when to when a certificate is good.
package struct Lifespan: Hashable, Sendable {
  package let notBefore: Date
  package let notAfter: Date

  package init(notBefore: Date, notAfter: Date) {
    self.notBefore = notBefore
    self.notAfter = notAfter
  }

  package init(certificate der: [UInt8]) throws {
    self.init(try Certificate(derEncoded: der))
  }

  init(_ certificate: Certificate) {
    notBefore = certificate.notValidBefore
    notAfter = certificate.notValidAfter
  }
}

/// How long to wait before renewing: until half of the life, moved by up to a tenth of that half,
/// so that those who were started together do not ask together. Zero once the time has come.
/// - Parameter jitter: from -1 to 1; what lies outside counts as the nearer end.
package func renewal(of lifespan: Lifespan, now: Date, jitter: Double) -> Duration {
  let half = lifespan.notAfter.timeIntervalSince(lifespan.notBefore) / 2
  let moved = half * (1 + 0.1 * min(1, max(-1, jitter)))
  let wait = lifespan.notBefore.addingTimeInterval(moved).timeIntervalSince(now)
  return .seconds(max(0, wait))
}
