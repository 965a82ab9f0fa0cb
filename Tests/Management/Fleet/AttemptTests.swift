import Fleet
import FleetProtos
import Foundation
import GRPCCore
import Identity
import SecureTransport
import Storage
import SwiftProtobuf
import TestSupport
import Testing

/// What agents and strangers may not do: each is refused, told why, written down, and changes
/// nothing.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct `What nobody may do at the fleet port` {
  private let fixture: FleetFixture

  init() async throws { fixture = try await FleetFixture() }

  @Test func `the attempts are many`() {
    #expect(Attempt.inGreeting.count + Attempt.onTheStream.count >= 40)
  }

  @Test(arguments: Attempt.withCertificates)
  func `with a certificate that is no agent's`(attempt: Attempt) async throws {
    try await refuse(attempt)
  }

  @Test(arguments: Attempt.withTokens)
  func `with a token or a request`(attempt: Attempt) async throws { try await refuse(attempt) }

  @Test(arguments: Attempt.inGreeting)
  func `in a greeting`(attempt: Attempt) async throws { try await refuse(attempt) }

  @Test(arguments: Attempt.onTheStream)
  func `on a stream`(attempt: Attempt) async throws { try await refuse(attempt) }

  private func refuse(_ attempt: Attempt) async throws {
    try await fixture.serving { dialler in
      let stage = try await Stage.open(fixture, dialler)
      let before = try await stage.state()
      let error = await #expect(throws: RPCError.self) { try await attempt.act(stage) }
      #expect(error?.code == attempt.code, "\(error.map { "\($0)" } ?? "it was not refused")")
      try await waitUntil { try await newest()?.event == attempt.event }
      let detail = try await newest()?.detail ?? ""
      #expect(detail.contains(attempt.reason))
      #expect(try await stage.state() == before)
    }
  }

  private func newest() async throws -> AuditEvent? {
    try await fixture.store.auditEntries(limit: 1).first?.event
  }

  @Test func `an honest agent is let in and its words are taken`() async throws {
    try await fixture.serving { dialler in
      // The stage is made of honest words; this is what it must have led to.
      let state = try await Stage.open(fixture, dialler).state()
      #expect(state.services.keys.sorted() == ["east", "west"])
      #expect(state.authorities.keys.sorted() == ["east", "west"])
      #expect(state.proxies.count == 2)
      #expect(try await newest() == nil)
    }
  }

  @Test func `what certificate was turned away is written down`() async throws {
    try await fixture.serving { dialler in
      let stage = try await Stage.open(fixture, dialler)
      let forger = Forger(authority: stage.east, uris: [Stage.eastAgent, Stage.westAgent])
      await #expect(throws: RPCError.self) { try await stage.knock(forger) }
      try await waitUntil { try await newest() != nil }
      #expect(try await newest()?.actor == "\(Stage.eastAgent) \(Stage.westAgent)")
    }
  }

  @Test func `a certificate does not outlive the cluster that it was for`() async throws {
    try await fixture.serving { dialler in
      let stage = try await Stage.open(fixture, dialler)
      // As a certificate of ten minutes ago: it begins five minutes before it was issued.
      let key = PrivateKey()
      let chain = try fixture.identity.authority.issue(
        CertificateRequest(der: CertificateRequest.make(for: key)),
        as: .clusterAgent(organization: "acme", cluster: "east"), dnsNames: [], addresses: [],
        lifetime: .seconds(3600), now: Date() - 600)
      let credentials = Credentials(chain: chain, key: key)
      try await fixture.delete("east")
      try await fixture.put("east")
      for event in ["stream.refused", "renewal.refused"] {
        let error = await #expect(throws: RPCError.self) {
          if event == "stream.refused" {
            try await dialler.connected(credentials) { line in
              try line.greet(authorities: [stage.east.certificate])
              while try await line.next() != nil {}
            }
          } else {
            try await stage.knock(credentials)
          }
        }
        #expect(error?.code == .permissionDenied)
        #expect(try await newest()?.event == event)
        #expect(try await newest()?.detail.contains("join again") == true)
      }
      #expect(try await stage.state().services["east"]?.values.compactMap(\.self).isEmpty != false)
      // Who joins the new one is let in.
      try await dialler.connected(fixture.agent()) { line in
        try line.greet(authorities: [stage.east.certificate])
        #expect(try await line.welcome() != nil)
      }
    }
  }

  @Test func `a flood of strangers fills no log`() async throws {
    try await fixture.serving { dialler in
      let stage = try await Stage.open(fixture, dialler)
      let forger = Forger(uris: [Stage.westAgent])
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<120 { group.addTask { try? await stage.knock(forger) } }
      }
      try await waitUntil { try await newest() != nil }
      let entries = try await fixture.store.auditEntries(limit: 200)
      #expect((1...60).contains(entries.count))
    }
  }
}
