import Crypto
import Foundation
import Identity
import SwiftASN1
import TestSupport
import Testing
import X509

struct AuthorityTests {
  @Test func `authorities of the product are bound to their trust domain`() throws {
    let cluster = try authority("east.acme.mesh")
    #expect(cluster.trustDomain == "east.acme.mesh")
    #expect(
      nameConstraintViolation(ofAuthority: cluster.certificate, trustDomain: "east.acme.mesh")
        == nil)
    let server = try CertificateAuthority.server(
      organization: "acme", key: PrivateKey(), now: now)
    #expect(
      nameConstraintViolation(ofAuthority: server.certificate, trustDomain: "rialto.acme.mesh")
        == nil)
    #expect(abs(cluster.lifespan.notAfter.timeIntervalSince(now) - 365 * 86_400) < 1)
  }

  @Test func `an authority that could name others is refused`() throws {
    let key = PrivateKey()
    let bound = NameConstraints(permittedURIDomains: ["east.acme.mesh"])
    let bad = [
      try Forger.authority(key: key, constraint: nil),
      try Forger.authority(key: key, constraint: bound, critical: false),
      try Forger.authority(key: key, constraint: bound, pathLength: nil),
      try Forger.authority(key: key, constraint: bound, pathLength: 1),
      try Forger.authority(
        key: key, constraint: NameConstraints(permittedURIDomains: ["west.acme.mesh"])),
      try Forger.authority(
        key: key, constraint: NameConstraints(permittedURIDomains: [".acme.mesh"])),
      try Forger.authority(
        key: key,
        constraint: NameConstraints(permittedURIDomains: ["east.acme.mesh", "west.acme.mesh"])),
      try Forger.authority(
        key: key, constraint: NameConstraints(permittedDNSDomains: ["east.acme.mesh"])),
      try issue(
        from: authority("east.acme.mesh"), to: key, as: .agent(trustDomain: "east.acme.mesh"))[0],
      [1, 2, 3], [],
    ]
    for (index, der) in bad.enumerated() {
      #expect(
        nameConstraintViolation(ofAuthority: der, trustDomain: "east.acme.mesh") != nil,
        "case \(index)")
    }
    let good = try Forger.authority(key: key, constraint: bound)
    #expect(nameConstraintViolation(ofAuthority: good, trustDomain: "east.acme.mesh") == nil)
  }

  @Test func `an authority is taken up only with its own key`() throws {
    let original = try authority("east.acme.mesh")
    let again = try CertificateAuthority(
      certificate: original.certificate, key: PrivateKey(pem: original.key.pem))
    #expect(again.publicKeyHash == original.publicKeyHash)
    #expect(throws: CertificateAuthority.Problem.keyMismatch) {
      try CertificateAuthority(certificate: original.certificate, key: PrivateKey())
    }
  }

  @Test func `a request proves its key, and only P-256 keys are signed`() throws {
    let key = PrivateKey()
    let der = try CertificateRequest.make(for: key)
    #expect(try CertificateRequest(der: der).publicKeyHash == key.publicKeyHash)

    var tampered = der
    tampered[tampered.count - 1] ^= 1
    #expect(throws: CertificateRequest.Refusal.self) { try CertificateRequest(der: tampered) }
    #expect(throws: CertificateRequest.Refusal.unreadable) { try CertificateRequest(der: []) }
    #expect(throws: CertificateRequest.Refusal.tooLong) {
      try CertificateRequest(der: Array(repeating: 0, count: 5000))
    }
    let other = Certificate.PrivateKey(P384.Signing.PrivateKey())
    let foreign = try CertificateSigningRequest(
      version: .v1, subject: DistinguishedName(), privateKey: other,
      attributes: CertificateSigningRequest.Attributes(), signatureAlgorithm: .ecdsaWithSHA384)
    #expect(throws: CertificateRequest.Refusal.notP256) {
      try CertificateRequest(der: foreign.serializeAsPEM().derBytes)
    }
  }

  @Test(.laborious, arguments: 0..<200)
  func `a damaged request is refused or read, and never ends the process`(seed: Int) throws {
    var bytes = try CertificateRequest.make(for: PrivateKey())
    bytes[seed % bytes.count] = UInt8(truncatingIfNeeded: seed &* 167 &+ 13)
    if seed % 3 == 0 { bytes.removeLast(seed % bytes.count) }
    _ = try? CertificateRequest(der: bytes)
  }

  @Test func `a leaf never outlives its authority`() throws {
    let cluster = try authority("east.acme.mesh")
    let chain = try issue(
      from: cluster, to: PrivateKey(), as: .agent(trustDomain: "east.acme.mesh"),
      lifetime: .seconds(3650 * 86_400))
    #expect(try Lifespan(certificate: chain[0]).notAfter == cluster.lifespan.notAfter)
  }

  @Test(arguments: [
    ("10.0.0.1", true), ("::1", true), ("2001:db8::a:1", true), ("1:2:3:4:5:6:7:8", true),
    ("::", true), ("10.0.0", false), ("10.0.0.256", false), ("010.0.0.1", false), (":::", false),
    ("1::2::3", false), ("1:2:3", false), ("host", false), ("", false),
    ("1:2:3:4:5:6:7:8:9", false),
    (":1:2:3:4:5:6:7", false),
  ])
  func `addresses are told from names`(text: String, expected: Bool) {
    #expect(isAddress(text) == expected)
  }

  @Test func `openssl accepts an honest leaf and refuses one with a second domain's name`() throws {
    let folder = try TemporaryFolder()
    let cluster = try authority("east.acme.mesh")
    let honest = try issue(
      from: cluster, to: PrivateKey(), as: .agent(trustDomain: "east.acme.mesh"))
    let forged = try Forger(
      authority: cluster,
      uris: ["spiffe://east.acme.mesh/rialto/agent", "spiffe://west.acme.mesh/rialto/agent"]
    ).chain()
    try folder.write(pem(cluster.certificate), as: "ca.pem")
    try folder.write(pem(honest[0]), as: "honest.pem")
    try folder.write(pem(forged[0]), as: "forged.pem")
    #expect(try folder.openssl("verify", "-x509_strict", "-CAfile", "ca.pem", "honest.pem") == 0)
    #expect(try folder.openssl("verify", "-CAfile", "ca.pem", "forged.pem") != 0)
  }

  private func pem(_ der: [UInt8]) throws -> String {
    try Certificate(derEncoded: der).serializeAsPEM().pemString
  }
}
