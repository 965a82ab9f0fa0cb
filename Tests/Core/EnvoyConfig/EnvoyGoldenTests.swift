import Blueprints
import EnvoyConfig
import Foundation
import Testing

@Suite struct `Envoy configuration, recorded` {
  @Test func `there are cases`() {
    #expect(EnvoyCase.all.count >= 8)
  }

  /// `UPDATE_GOLDEN=1` records what comes out.
  @Test(arguments: EnvoyCase.all)
  func `a case comes out as recorded`(golden: EnvoyCase) throws {
    let output = try golden.output()
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" { try golden.record(output) }
    let recorded = try golden.recorded()
    #expect(recorded.keys.sorted() == output.keys.sorted())
    for (file, text) in output { #expect(recorded[file] == text, "\(golden.name)/\(file)") }
  }

  @Test(arguments: EnvoyCase.all)
  func `every name that is mentioned is defined`(golden: EnvoyCase) throws {
    _ = try StaticBootstrap(golden.snapshot(), secrets: [TestCertificate.secret])
  }

  @Test(.serialized, arguments: EnvoyCase.all)
  func `Envoy accepts it`(golden: EnvoyCase) async throws {
    let bootstrap = try StaticBootstrap(golden.snapshot(), secrets: [TestCertificate.secret])
    let verdict = try await StockEnvoy().validate(bootstrap.document)
    #expect(verdict.accepted, "\(golden.name): \(verdict.text)")
  }

  @Test func `Envoy refuses what it must`() async throws {
    let golden = try #require(EnvoyCase.all.first { $0.name == "reach" })
    var items = try golden.items()
    items[.service(namespace: "shop", name: "orders")] = .service(
      ServicePlanSample.orders(path: .regex(pattern: "(")))
    let snapshot = EnvoyConfig.snapshot(items: items, endpoints: [:], profile: try golden.profile())
    let bootstrap = try StaticBootstrap(snapshot, secrets: [TestCertificate.secret])
    let verdict = try await StockEnvoy().validate(bootstrap.document)
    #expect(!verdict.accepted)
  }
}
