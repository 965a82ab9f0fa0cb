import Blueprints
import Documents
import EnvoyProtos
import SwiftProtobuf

/// Where TLS ends at a gateway: the files on its machine, as secrets of their own, so that a missing
/// file closes one host and not the listener.
struct TerminationFiles {
  private let certificate: EnvoyResource
  private let authorities: EnvoyResource?

  /// nil where there is no TLS.
  init?(_ tls: GatewayTLS, of plan: GatewayPlan) {
    guard case .files(let chain, let privateKey, let authorities) = tls else { return nil }
    let origin = ItemKey.gateway(plan.fqn)
    certificate = .certificate(chain, privateKey: privateKey, from: origin)
    self.authorities = authorities.map { .authorities($0, from: origin) }
  }

  var resources: [EnvoyResource] { [certificate] + (authorities.map { [$0] } ?? []) }

  func transport(offering protocols: [String]) -> TransportSocket {
    .terminating(
      certificate: certificate.name.name, authorities: authorities?.name.name,
      protocols: protocols)
  }
}

extension EnvoyResource {
  /// A certificate from files that Envoy reads again when their folder changes.
  fileprivate static func certificate(
    _ chain: String, privateKey: String, from origin: ItemKey
  ) -> EnvoyResource {
    .secret(from: origin) {
      $0.tlsCertificate.certificateChain.filename = chain
      $0.tlsCertificate.privateKey.filename = privateKey
      $0.tlsCertificate.watchedDirectory.path = folder(of: chain)
    }
  }

  fileprivate static func authorities(_ file: String, from origin: ItemKey) -> EnvoyResource {
    .secret(from: origin) {
      $0.validationContext.trustedCa.filename = file
      $0.validationContext.watchedDirectory.path = folder(of: file)
    }
  }

  private static func secret(from origin: ItemKey, _ fill: (inout Secret) -> Void) -> EnvoyResource
  {
    var secret = Secret()
    fill(&secret)
    // Named by what it holds and whose it is: two gateways with the same files do not share it.
    secret.name = EnvoyName.fileSecret(StableHash(Array(origin.text.utf8) + secret.encoded))
    return EnvoyResource(.secret, secret.name, secret, from: [origin])
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
