import Foundation
import Identity
import SwiftASN1
import TestSupport
import Testing
import X509

struct TrustTests {
  let east: CertificateAuthority
  let west: CertificateAuthority
  let bundle: TrustBundle

  init() throws {
    east = try authority("east.acme.mesh")
    west = try authority("west.acme.mesh")
    bundle = TrustBundle(authorities: [
      "east.acme.mesh": [east.certificate], "west.acme.mesh": [west.certificate],
    ])
  }

  private static let orders = SPIFFEID.workload(
    trustDomain: "east.acme.mesh", namespace: "shop", serviceAccount: "orders")
  private static let spoofed = "spiffe://west.acme.mesh/ns/shop/sa/orders"

  private func reason(_ chain: [[UInt8]], at date: Date = now) async -> Refusal.Reason? {
    switch await bundle.verify(chain: chain, now: date) {
    case .success: nil
    case .failure(let refusal): refusal.reason
    }
  }

  @Test(arguments: [TrustBundle.Role.client, .server])
  func `an honest certificate is accepted as client and as server`(role: TrustBundle.Role)
    async throws
  {
    let key = PrivateKey()
    let chain = try issue(from: east, to: key, as: Self.orders)
    let peer = try await bundle.verify(chain: chain, as: role, now: now).get()
    #expect(peer.id == Self.orders)
    #expect(peer.publicKeyHash == key.publicKeyHash)
    // The root need not be sent along.
    #expect(await reason([chain[0]]) == nil)
  }

  @Test func `the signer decides the name, within its trust domain`() throws {
    #expect(throws: CertificateAuthority.Problem.outsideTrustDomain(Self.spoofed)) {
      try issue(from: east, to: PrivateKey(), as: #require(SPIFFEID(Self.spoofed)))
    }
    let broken = SPIFFEID.workload(
      trustDomain: "east.acme.mesh", namespace: "..", serviceAccount: "x")
    #expect(throws: CertificateAuthority.Problem.notAnIdentity(broken.text)) {
      try issue(from: east, to: PrivateKey(), as: broken)
    }
  }

  @Test func `two names, no name, or a name that is none are refused`() async throws {
    let two = Forger(authority: east, uris: [Self.orders.text, Self.spoofed])
    #expect(await reason(try two.chain()) == .notOneIdentity)
    #expect(await reason(try Forger(authority: east).chain()) == .notOneIdentity)
    let odd = Forger(authority: east, uris: ["https://east.acme.mesh/x?y"])
    #expect(await reason(try odd.chain()) == .notAnIdentity)
  }

  @Test func `an authority cannot name members of another trust domain`() async throws {
    let forged = Forger(authority: east, uris: [Self.spoofed])
    #expect(await reason(try forged.chain()) == .untrusted)
    let foreign = Forger(authority: east, uris: ["spiffe://north.acme.mesh/a"])
    #expect(await reason(try foreign.chain()) == .unknownTrustDomain)
  }

  @Test func `the name constraint holds even where the authority is trusted for another domain`()
    async throws
  {
    let forged = try Forger(authority: east, uris: [Self.spoofed]).chain()
    let careless = TrustBundle(authorities: ["west.acme.mesh": [east.certificate]])
    let outcome = await careless.verify(chain: forged, now: now)
    #expect(throws: Refusal.self) { try outcome.get() }

    // Without the constraint the same forgery passes: the test above tests the constraint.
    let key = PrivateKey()
    let unbound = try Forger.authority(key: key, constraint: nil)
    let control = try Forger(
      authority: CertificateAuthority(
        certificate: Forger.authority(
          key: key, constraint: NameConstraints(permittedURIDomains: ["east.acme.mesh"])),
        key: key),
      uris: [Self.spoofed]
    ).chain()
    let open = TrustBundle(authorities: ["west.acme.mesh": [unbound]])
    let accepted = await open.verify(chain: [control[0]], now: now)
    #expect(throws: Never.self) { try accepted.get() }
  }

  @Test func `life, usage and size are checked`() async throws {
    let honest = try issue(from: east, to: PrivateKey(), as: Self.orders)
    #expect(await reason(honest, at: now + 3601) == .expired)
    #expect(await reason(honest, at: now - 301) == .expired)
    #expect(await reason(honest, at: now - 299) == nil)
    let name = [Self.orders.text]
    let serverOnly = Forger(authority: east, uris: name, usages: [.serverAuth])
    #expect(await reason(try serverOnly.chain()) == .usage)
    let anything = Forger(authority: east, uris: name, usages: [])
    #expect(await reason(try anything.chain()) == .usage)
    let signer = Forger(authority: east, uris: name, isAuthority: true)
    #expect(await reason(try signer.chain()) == .usage)
    #expect(await reason([]) == .noCertificate)
    #expect(await reason([[1, 2, 3]]) == .unreadable)
    #expect(await reason(Array(repeating: honest[0], count: 7)) == .tooLarge)
    #expect(await reason([Array(repeating: 0, count: 1 << 20)]) == .tooLarge)
  }

  @Test func `a certificate that may not sign makes no identity`() async throws {
    let key = PrivateKey()
    let workload = try issue(from: east, to: key, as: Self.orders)
    // The workload's own key signs another name; its certificate poses as the issuer.
    let subject = try Certificate(derEncoded: workload[0]).subject
    let signer = try Certificate.PrivateKey(pemEncoded: key.pem)
    let forged = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: signer.publicKey, notValidBefore: now - 60,
      notValidAfter: now + 60, issuer: subject, subject: DistinguishedName { CommonName("x") },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.clientAuth])
        SubjectAlternativeNames([
          .uniformResourceIdentifier("spiffe://east.acme.mesh/ns/shop/sa/admin")
        ])
      }, issuerPrivateKey: signer)
    let chain = [try forged.serializeAsPEM().derBytes] + workload
    #expect(await reason(chain) == .untrusted)
  }

  @Test func `a pin admits the authority it names and no other`() async throws {
    let key = PrivateKey()
    let chain = try issue(from: east, to: key, as: Self.orders)
    let accepted = await TrustBundle.verify(chain: chain, pin: east.publicKeyHash, now: now)
    #expect(throws: Never.self) { try accepted.get() }
    let refusals = [
      await TrustBundle.verify(chain: chain, pin: west.publicKeyHash, now: now),
      // The pinned certificate stands in the chain but did not sign the leaf.
      await TrustBundle.verify(
        chain: chain + [west.certificate], pin: west.publicKeyHash, now: now),
      await TrustBundle.verify(chain: [chain[0]], pin: east.publicKeyHash, now: now),
    ]
    for refused in refusals {
      #expect(throws: Refusal.self) { try refused.get() }
    }
  }

  @Test func `an unenrolled peer shows one certificate of its own key that names nobody`()
    async throws
  {
    let key = PrivateKey()
    let honest = try CertificateAuthority.selfSigned(for: key, now: now)
    #expect(TrustBundle.verify(unenrolled: honest, now: now) == .success(key.publicKeyHash))
    let named = try Forger(uris: [Self.orders.text]).chain()
    let signed = try issue(from: east, to: key, as: Self.orders)
    for chain in [named, signed, [signed[0]], honest + honest, []] {
      #expect(throws: Refusal.self) { try TrustBundle.verify(unenrolled: chain, now: now).get() }
    }
    #expect(
      TrustBundle.verify(unenrolled: honest, now: now + 3601) == .failure(Refusal(.expired)))
  }
}
