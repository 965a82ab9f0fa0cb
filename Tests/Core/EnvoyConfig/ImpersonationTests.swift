import EnvoyConfig
import Foundation
import Identity
import TestSupport
import Testing

/// With the real key of one cluster's authority in hand, somebody tries to speak for another
/// cluster, to real Envoys that are configured as the product configures them.
///
/// The control believes an authority of the same key and name without the name constraint: there,
/// the certificate with two names must get through the handshake, or the rest would prove nothing.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct `A stolen authority speaks for its own trust domain only` {
  /// What a request of a client comes to: 0 is a handshake that failed.
  private static func expectedStatus(_ forgery: Forgery, isConstrained: Bool, refused: Int) -> Int {
    // Without the constraint, Envoy looks at the first name only.
    !isConstrained && forgery.names == .ownThenOther ? refused : 0
  }

  @Test(arguments: [true, false])
  func `as a client, to workloads`(isConstrained: Bool) async throws {
    let bed = try ImpersonationBed(isConstrained: isConstrained)
    try await LiveEnvoy.serving(bed.bootstrap(), address: bed.administration) { envoy in
      func call(_ url: String, _ chain: [[UInt8]], _ key: PrivateKey) async throws -> Int {
        let name = UUID().uuidString
        try (chain.map(certificatePEM).joined() + key.pem).write(
          toFile: "\(envoy.folder.path)/\(name)", atomically: true, encoding: .utf8)
        return try await envoy.curl("--cert", name, "--key", name, url).status
      }
      var refused = 0
      for forgery in Forgery.allCases {
        let (chain, key) = try bed.forge(forgery, as: ImpersonationBed.web)
        // What stands behind a handshake compares all names of the certificate.
        for (url, otherwise) in [(bed.guarded, 403), (bed.guardedTCP, 0), (bed.open, 200)] {
          let expected = Self.expectedStatus(
            forgery, isConstrained: isConstrained, refused: otherwise)
          let status = try await call(url, chain, key)
          #expect(status == expected, "\(forgery) at \(url)")
          let isHandshake = isConstrained || forgery.names != .ownThenOther
          refused += isHandshake ? 1 : 0
        }
      }
      #expect(try await envoy.count("listener.*ssl.fail_verify_error") == refused)

      let web = Forger(authority: bed.west, uris: [ImpersonationBed.web])
      let orders = Forger(authority: bed.west, uris: [ImpersonationBed.orders])
      let other = Forger(issuer: bed.believed, uris: [ImpersonationBed.thief])
      let stranger = Forger(uris: [ImpersonationBed.web])
      let capital = Forger(
        issuer: bed.believed, uris: ["spiffe://EAST.acme.mesh/ns/shop/sa/thief"])
      let nameless = Forger(authority: bed.west)
      let authority = (chain: [bed.west.certificate], key: bed.west.key)
      let calls: [(String, [[UInt8]], PrivateKey, [Int])] = [
        ("an honest caller", try web.chain(), web.key, [200, 200, 200]),
        ("an honest caller whom no rule names", try orders.chain(), orders.key, [403, 0, 200]),
        ("an honest caller of the other cluster", try other.chain(), other.key, [403, 0, 200]),
        ("a certificate that signed itself", try stranger.chain(), stranger.key, [0, 0, 0]),
        ("another spelling of the trust domain", try capital.chain(), capital.key, [0, 0, 0]),
        ("a certificate without a name", try nameless.chain(), nameless.key, [0, 0, 0]),
        ("the authority itself", authority.chain, authority.key, [0, 0, 0]),
      ]
      for (caller, chain, key, expected) in calls {
        for (url, expected) in zip([bed.guarded, bed.guardedTCP, bed.open], expected) {
          #expect(try await call(url, chain, key) == expected, "\(caller) at \(url)")
        }
      }
    }
  }

  @Test(arguments: [true, false])
  func `as a server, to a caller and to a gateway`(isConstrained: Bool) async throws {
    let bed = try ImpersonationBed(isConstrained: isConstrained)
    try await LiveEnvoy.serving(bed.bootstrap(), address: bed.administration) { envoy in
      var accepted = 0
      for (number, server) in bed.servers.enumerated() {
        // Only where both trust domains are believed can the first name be another's.
        let isBelieved =
          server.forgery.map {
            server.isShared && !isConstrained && $0.names == .ownThenOther
          } ?? true
        accepted += isBelieved ? 1 : 0
        let expected = isBelieved ? 200 : 503
        let what: Comment =
          "\(server.forgery.map { "\($0)" } ?? "honest"), \(server.isShared ? "shared" : "local")"
        let called = try await envoy.curl(bed.caller(number))
        #expect(called.status == expected, what)
        #expect((called.body == "from server_\(number)") == isBelieved, what)
        let asked = try await envoy.curl("-H", "Host: \(bed.hostName(number))", bed.gateway)
        #expect(asked.status == expected, what)
      }
      #expect(accepted == (isConstrained ? 3 : 6))
    }
  }
}
