import EnvoyProtos
import SwiftProtobuf

// Who is believed, on both sides of a connection.

extension TransportSocket {
  /// Of a caller: TLS with the workload's certificate to one of `identities`, which a bundle of the
  /// trust domains that provide the service vouches for.
  static func mutualTLS(
    serverName: String, protocols: [String], identities: [String], bundle: String?
  ) -> TransportSocket {
    let context = UpstreamTLS.with {
      $0.sni = serverName
      $0.commonTlsContext = .mesh(protocols: protocols)
      if let bundle, !identities.isEmpty {
        $0.commonTlsContext.combinedValidationContext = .with {
          $0.defaultValidationContext.matchTypedSubjectAltNames = identities.map { identity in
            .with {
              $0.sanType = .uri
              $0.matcher.exact = identity
            }
          }
          $0.validationContextSdsSecretConfig = .init(streamed: bundle)
        }
      } else {
        $0.commonTlsContext.validationContext = .nobody
      }
    }
    return TransportSocket(context.packed)
  }

  /// Of a caller: TLS that believes no peer.
  static func toNobody(serverName: String) -> TransportSocket {
    .mutualTLS(serverName: serverName, protocols: [], identities: [], bundle: nil)
  }

  /// Of a workload: TLS that asks for a certificate of a trust domain in `bundle`.
  static func mutualTLS(accepting bundle: String?, protocols: [String]) -> TransportSocket {
    let context = DownstreamTLS.with {
      $0.requireClientCertificate = true
      $0.commonTlsContext = .mesh(protocols: protocols)
      if let bundle {
        $0.commonTlsContext.validationContextSdsSecretConfig = .init(streamed: bundle)
      } else {
        $0.commonTlsContext.validationContext = .nobody
      }
    }
    return TransportSocket(context.packed)
  }

  /// Of a gateway: TLS with a certificate from files, for clients of any kind or, with
  /// `authorities`, for those that show a certificate.
  static func terminating(
    certificate: String, authorities: String?, protocols: [String]
  ) -> TransportSocket {
    let context = DownstreamTLS.with {
      $0.commonTlsContext.alpnProtocols = protocols
      $0.commonTlsContext.tlsParams.tlsMinimumProtocolVersion = .tlsv12
      $0.commonTlsContext.tlsParams.tlsMaximumProtocolVersion = .tlsv13
      $0.commonTlsContext.tlsCertificateSdsSecretConfigs = [.init(streamed: certificate)]
      if let authorities {
        $0.requireClientCertificate = true
        $0.commonTlsContext.validationContextSdsSecretConfig = .init(streamed: authorities)
      }
    }
    return TransportSocket(context.packed)
  }

  private init(_ context: Google_Protobuf_Any) {
    self = .with {
      $0.name = EnvoyName.tlsTransport
      $0.typedConfig = context
    }
  }
}

enum ALPN {
  /// Never `istio-…`: Envoy would take such a name, once agreed, for HTTP/1.
  static let server = ["h2", "http/1.1"]
  /// The server picks `h2`; a gateway that routes by SNI recognises the mesh by the other one.
  static let httpClient = ["istio-h2", "h2"]
  static let tcpClient = ["istio"]
  /// What only clients of the mesh offer, Istio's among them.
  static let mesh = [
    "istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2",
  ]
}

extension CommonTLS {
  fileprivate static func mesh(protocols: [String]) -> CommonTLS {
    .with {
      $0.alpnProtocols = protocols
      $0.tlsParams.tlsMinimumProtocolVersion = .tlsv13
      // Envoy's clients stop at 1.2 unless told otherwise.
      $0.tlsParams.tlsMaximumProtocolVersion = .tlsv13
      $0.tlsCertificateSdsSecretConfigs = [.init(streamed: EnvoyName.workloadSecret)]
    }
  }
}

extension CertificateValidation {
  /// Believes no certificate: for services that nobody is known to provide, and for workloads whose
  /// cluster knows no authority yet.
  fileprivate static let nobody = CertificateValidation.with {
    $0.verifyCertificateHash = [String(repeating: "0", count: 64)]
  }
}

extension SecretReference {
  init(streamed name: String) {
    self = .with {
      $0.name = name
      $0.sdsConfig = .stream
    }
  }
}
