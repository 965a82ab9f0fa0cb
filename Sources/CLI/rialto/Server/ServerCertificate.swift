import Fleet
import FoundationEssentials
import Identity
import Logging
import SecureTransport
import ServiceLifecycle

/// The server's own certificate, on both of its ports: a new key and certificate at each start, and
/// again at half of its life while the server runs.
struct ServerCertificate: Service {
  let identity: ManagementIdentity
  /// Names and addresses.
  let hosts: [String]
  let source: CredentialSource
  let logger: Logger

  init(identity: ManagementIdentity, hosts: [String], logger: Logger) throws {
    self.identity = identity
    self.hosts = hosts
    self.logger = logger
    source = CredentialSource(try Self.issue(by: identity, for: hosts))
  }

  private static func issue(
    by identity: ManagementIdentity, for hosts: [String]
  ) throws -> Credentials {
    let key = PrivateKey()
    let chain = try identity.authority.issue(
      CertificateRequest(der: CertificateRequest.make(for: key)),
      as: .server(organization: identity.organization), dnsNames: hosts.filter { !isAddress($0) },
      addresses: hosts.filter(isAddress), lifetime: Lifetimes.agent, now: Date())
    return Credentials(chain: chain, key: key)
  }

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      while let leaf = source.current.chain.first {
        let wait = renewal(
          of: try Lifespan(certificate: leaf), now: Date(), jitter: .random(in: -1...1))
        // At the end of the authority's life there is nothing to gain by hurrying.
        do { try await Task.sleep(for: max(wait, .seconds(60))) } catch { return }
        source.replace(with: try Self.issue(by: identity, for: hosts))
        logger.info("the server's certificate is renewed")
      }
    }
  }
}
