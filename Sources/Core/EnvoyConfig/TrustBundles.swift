import Blueprints
import Documents
import EnvoyProtos
import SwiftProtobuf

/// The authorities of some trust domains as a secret named by its content, so that the same set is
/// the same resource for everybody, and another set never overwrites it.
struct TrustBundle {
  let resource: EnvoyResource

  var name: String { resource.name.name }

  /// The authorities of those of `domains` that `plan` knows; nil when it knows none of them.
  init?(of domains: some Sequence<String>, in plan: TrustPlan?) {
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
    let name = EnvoyName.bundleSecret(StableHash(validation.encoded))
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

extension ServicePlan {
  /// The identities that instances of this service have in the trust domains that `trust` knows.
  func identities(in trust: TrustPlan?) -> [String] {
    let ids = providers.flatMap { provider in
      (trust?.bundles[provider.trustDomain] ?? []).isEmpty
        ? []
        : provider.serviceAccounts.map {
          Principal.serviceAccount(
            trustDomain: provider.trustDomain, namespace: namespace, name: $0
          ).subject.text
        }
    }
    return Set(ids).sorted()
  }
}
