package import Identity
private import NIOCertificateReloading
package import NIOSSL
private import Synchronization

/// What this side presents: a chain (DER, leaf first) and the leaf's key.
package struct Credentials: Sendable {
  package let chain: [[UInt8]]
  package let key: PrivateKey

  package init(chain: [[UInt8]], key: PrivateKey) {
    self.chain = chain
    self.key = key
  }

  fileprivate func configuration() throws -> NIOSSLContextConfigurationOverride {
    var override = NIOSSLContextConfigurationOverride()
    override.certificateChain = try chain.map {
      .certificate(try NIOSSLCertificate(bytes: $0, format: .der))
    }
    override.privateKey = .privateKey(
      try NIOSSLPrivateKey(bytes: Array(key.pem.utf8), format: .pem))
    return override
  }
}

/// The credentials of this moment: every handshake takes the current ones, connections that are
/// open stay as they are.
package final class CredentialSource: Sendable {
  private struct State {
    var credentials: Credentials
    /// nil: the first credentials could not be read.
    var configuration: NIOSSLContextConfigurationOverride?
  }

  private let state: Mutex<State>

  package init(_ credentials: Credentials) {
    state = Mutex(
      State(credentials: credentials, configuration: try? credentials.configuration()))
  }

  package var current: Credentials { state.withLock { $0.credentials } }

  /// - Returns: false when the new credentials cannot be read; the old ones stay then.
  @discardableResult
  package func replace(with credentials: Credentials) -> Bool {
    guard let configuration = try? credentials.configuration() else { return false }
    state.withLock { $0 = State(credentials: credentials, configuration: configuration) }
    return true
  }

  var configuration: NIOSSLContextConfigurationOverride? { state.withLock { $0.configuration } }
}

extension CredentialSource {
  /// TLS of a server that presents the credentials of the moment in every handshake.
  package func serverConfiguration() throws -> TLSConfiguration {
    try .makeServerConfiguration(certificateReloader: self)
  }
}

extension CredentialSource: CertificateReloader {
  package var sslContextConfigurationOverride: NIOSSLContextConfigurationOverride {
    configuration ?? .noChanges
  }
}
