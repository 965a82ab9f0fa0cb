import Blueprints
import Documents
import EnvoyProtos
import SwiftProtobuf

/// The authorities of some trust domains as a secret: named by its content, so that the same set is
/// the same resource for everybody, unless it is the set of all.
struct TrustBundle: Sendable {
  let resource: EnvoyResource

  var name: String { resource.name.name }

  /// All authorities that `plan` knows, under a name that stays as long as others are only added;
  /// nil when it knows none. With another name come other filter chains, and Envoy closes what was
  /// connected by the old ones.
  static func all(in plan: TrustPlan?) -> TrustBundle? {
    guard let plan else { return nil }
    let name = EnvoyName.trustSecret(withdrawals: plan.withdrawals)
    return TrustBundle(of: plan.bundles.keys, in: plan, name: name)
  }

  /// The authorities of those of `domains` that `plan` knows; nil when it knows none of them.
  init?(of domains: some Sequence<String>, in plan: TrustPlan?, name: String? = nil) {
    let known = Set(domains).sorted().compactMap { domain in
      plan?.bundles[domain].flatMap { $0.isEmpty ? nil : (domain: domain, authorities: $0) }
    }
    guard !known.isEmpty else { return nil }
    let validator = SPIFFEValidator.with {
      $0.trustDomains = known.map { entry in
        .with {
          $0.name = entry.domain
          $0.trustBundle.inlineString = entry.authorities.map(Self.pem).joined()
        }
      }
    }
    let validation = CertificateValidation.with {
      $0.customValidatorConfig.name = EnvoyName.spiffeValidator
      $0.customValidatorConfig.typedConfig = validator.packed
    }
    let name = name ?? EnvoyName.bundleSecret(StableHash(validation.encoded))
    let secret = Secret.with {
      $0.name = name
      $0.validationContext = validation
    }
    resource = EnvoyResource(.secret, name, secret, from: [.trust])
  }

  private static func pem(_ base64: String) -> String {
    var lines = ["-----BEGIN CERTIFICATE-----"]
    var rest = base64.utf8[...]
    while !rest.isEmpty {
      lines.append(String(decoding: rest.prefix(64), as: UTF8.self))
      rest = rest.dropFirst(64)
    }
    lines.append("-----END CERTIFICATE-----\n")
    return lines.joined(separator: "\n")
  }
}

/// Who answers a call, and which authorities vouch for them.
struct Callee {
  /// Sorted SPIFFE ids, of trust domains that are known.
  private(set) var identities: [String] = []
  let bundle: TrustBundle?

  /// `accounts` are service accounts and their namespaces, by trust domain.
  init(_ accounts: [(trustDomain: String, namespace: String, name: String)], in site: Site) {
    bundle = site.bundle(of: Set(accounts.map(\.trustDomain)))
    let known = accounts.filter { site.trust?.bundles[$0.trustDomain]?.isEmpty == false }
    let ids = known.map { account in
      Principal.serviceAccount(
        trustDomain: account.trustDomain, namespace: account.namespace, name: account.name
      ).subject.text
    }
    identities = Set(ids).sorted()
  }

  func transport(serverName: String, protocols: [String]) -> TransportSocket {
    .mutualTLS(
      serverName: serverName, protocols: protocols, identities: identities, bundle: bundle?.name)
  }
}
