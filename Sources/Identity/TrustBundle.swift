package import FoundationEssentials
private import SwiftASN1
@_spi(FixedExpiryValidationTime) internal import X509

/// A peer that proved to be who its certificate says.
package struct VerifiedPeer: Hashable, Sendable {
  package let id: SPIFFEID
  /// Hexadecimal.
  package let serial: String
  /// SHA-256 of SubjectPublicKeyInfo.
  package let publicKeyHash: [UInt8]
  package let notBefore: Date
  package let notAfter: Date

  init?(_ leaf: Certificate, named id: SPIFFEID) {
    guard let hash = leaf.publicKey.spkiHash else { return nil }
    self.id = id
    serial = hexadecimal(leaf.serialNumber.bytes)
    publicKeyHash = hash
    notBefore = leaf.notValidBefore
    notAfter = leaf.notValidAfter
  }

  /// Whether the authority issued this certificate at `date` or later, as far as a certificate can
  /// tell: it counts whole seconds.
  package func isIssued(since date: Date) -> Bool {
    notBefore.addingTimeInterval(clockSkew + 1) >= date
  }
}

/// Why a chain was not accepted. Texts hold what the certificate says of itself, cut short.
package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Reason: String, Sendable {
    case noCertificate = "no certificate was presented"
    case tooLarge = "the certificate chain is too large"
    case unreadable = "a certificate cannot be read"
    case notOneIdentity = "the certificate does not have exactly one URI name"
    case notAnIdentity = "the certificate's name is not an identity"
    case unknownTrustDomain = "the trust domain is not known here"
    case usage = "the certificate may not be used for this"
    case untrusted = "the certificate does not lead to a trusted authority"
    case expired = "the certificate is not valid at this time"
    case notSelfSigned = "the certificate is not signed with its own key"
    case pinMismatch = "the peer's authority is not the one that the pin names"
    case unexpectedIdentity = "the peer is somebody else"
  }

  package let reason: Reason
  package let detail: String
  /// The names in the certificate, as far as they are printable; empty when there are none.
  package private(set) var claim = ""

  package init(_ reason: Reason, _ detail: String = "") {
    self.reason = reason
    self.detail = String(detail.prefix(300))
  }

  package var description: String {
    detail.isEmpty ? reason.rawValue : "\(reason.rawValue): \(detail)"
  }

  /// The same refusal of somebody who presented `leaf`.
  fileprivate func of(_ leaf: Certificate?) -> Refusal {
    var refusal = self
    let names = (leaf?.uris ?? []).joined(separator: " ").utf8.prefix(300)
    refusal.claim = String(
      decoding: names.map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    return refusal
  }
}

/// Whom to believe: the authorities of each trust domain.
package struct TrustBundle: Sendable {
  package enum Role: Sendable { case client, server }

  static let maximumCertificateLength = 16 << 10
  private static let maximumChainLength = 6

  private let authorities: [String: [Certificate]]

  /// Certificates (DER) by trust domain; what cannot be read is left out, and so trusted by nobody.
  package init(authorities: [String: [[UInt8]]]) {
    self.authorities = authorities.mapValues { $0.compactMap { try? Certificate(derEncoded: $0) } }
  }

  package var trustDomains: [String] { authorities.keys.sorted() }

  /// Checks `chain` (DER, leaf first) as what a peer in `role` presents: RFC 5280, key usage,
  /// exactly one URI name, and a path that ends in an authority of that name's own trust domain.
  package func verify(chain: [[UInt8]], as role: Role = .client, now: Date) async -> Result<
    VerifiedPeer, Refusal
  > {
    var presented: Certificate?
    do throws(Refusal) {
      let certificates = try Self.parse(chain)
      guard let leaf = certificates.first else { throw Refusal(.noCertificate) }
      presented = leaf
      let id = try Self.identity(of: leaf)
      guard let roots = authorities[id.trustDomain], !roots.isEmpty else {
        throw Refusal(.unknownTrustDomain, id.trustDomain)
      }
      try Self.checkUsage(of: leaf, as: role)
      try await Self.checkPath(leaf, certificates.dropFirst(), roots: roots, now: now)
      guard let peer = VerifiedPeer(leaf, named: id) else { throw Refusal(.unreadable) }
      return .success(peer)
    } catch {
      return .failure(error.of(presented))
    }
  }

  /// Checks `chain` when all that is known of the peer is the key of its authority: the certificate
  /// with that key must be in the chain, and everything that `verify` demands must hold below it.
  package static func verify(
    chain: [[UInt8]], pin: [UInt8], as role: Role = .server, now: Date
  ) async -> Result<VerifiedPeer, Refusal> {
    do throws(Refusal) {
      let certificates = try parse(chain)
      guard let leaf = certificates.first else { throw Refusal(.noCertificate) }
      guard
        let index = certificates.dropFirst().firstIndex(where: { $0.publicKey.spkiHash == pin })
      else { throw Refusal(.pinMismatch) }
      let id = try identity(of: leaf)
      let bundle = TrustBundle(authorities: [id.trustDomain: [chain[index]]])
      return await bundle.verify(chain: chain, as: role, now: now)
    } catch {
      return .failure(error)
    }
  }

  /// Checks what an unenrolled peer presents: one certificate that names nobody, of a P-256 key,
  /// signed with it.
  /// - Returns: SHA-256 of the key's SubjectPublicKeyInfo.
  package static func verify(unenrolled chain: [[UInt8]], now: Date) -> Result<[UInt8], Refusal> {
    do throws(Refusal) {
      let certificates = try parse(chain)
      guard certificates.count == 1, let leaf = certificates.first, leaf.isSelfIssued,
        leaf.uris == [], leaf.publicKey.isP256, let hash = leaf.publicKey.spkiHash,
        leaf.publicKey.isValidSignature(leaf.signature, for: leaf)
      else { throw Refusal(.notSelfSigned) }
      guard leaf.notValidBefore <= now, now <= leaf.notValidAfter else { throw Refusal(.expired) }
      return .success(hash)
    } catch {
      return .failure(error)
    }
  }

  // MARK: Steps

  private static func parse(_ chain: [[UInt8]]) throws(Refusal) -> [Certificate] {
    guard !chain.isEmpty else { throw Refusal(.noCertificate) }
    guard chain.count <= maximumChainLength,
      chain.allSatisfy({ $0.count <= maximumCertificateLength })
    else { throw Refusal(.tooLarge) }
    var certificates: [Certificate] = []
    for der in chain {
      guard let certificate = try? Certificate(derEncoded: der) else { throw Refusal(.unreadable) }
      certificates.append(certificate)
    }
    return certificates
  }

  private static func identity(of leaf: Certificate) throws(Refusal) -> SPIFFEID {
    guard let uris = leaf.uris, uris.count == 1, let uri = uris.first else {
      throw Refusal(.notOneIdentity)
    }
    guard let id = SPIFFEID(uri) else { throw Refusal(.notAnIdentity) }
    return id
  }

  private static func checkUsage(of leaf: Certificate, as role: Role) throws(Refusal) {
    let wanted: ExtendedKeyUsage.Usage = role == .client ? .clientAuth : .serverAuth
    guard !leaf.isAuthority, leaf.publicKey.isP256,
      let usage = try? leaf.extensions.keyUsage, usage.digitalSignature, !usage.keyCertSign,
      let extended = try? leaf.extensions.extendedKeyUsage, extended.contains(wanted)
    else { throw Refusal(.usage) }
  }

  private static func checkPath(
    _ leaf: Certificate, _ others: ArraySlice<Certificate>, roots: [Certificate], now: Date
  ) async throws(Refusal) {
    guard leaf.notValidBefore <= now, now <= leaf.notValidAfter else { throw Refusal(.expired) }
    // Certificates that may not sign are no candidates: the policy below does not look at usage.
    let issuers = others.filter(\.isAuthority)
    var verifier = Verifier(rootCertificates: CertificateStore(roots.filter(\.isAuthority))) {
      RFC5280Policy(fixedExpiryValidationTime: now)
    }
    let outcome = await verifier.validate(leaf: leaf, intermediates: CertificateStore(issuers))
    guard case .validCertificate = outcome else {
      if case .couldNotValidate(let failures) = outcome, let first = failures.first {
        throw Refusal(.untrusted, "\(first.policyFailureReason)")
      }
      throw Refusal(.untrusted)
    }
  }
}

/// The peer that a validated leaf names, without checking anything again: for certificates that
/// came through `TrustBundle.verify`. nil: it names nobody.
package func validatedPeer(leaf der: [UInt8]) -> VerifiedPeer? {
  guard let leaf = try? Certificate(derEncoded: der), let uris = leaf.uris, uris.count == 1,
    let id = uris.first.flatMap(SPIFFEID.init)
  else { return nil }
  return VerifiedPeer(leaf, named: id)
}
