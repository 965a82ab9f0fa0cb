import FoundationEssentials
import Glibc
import Identity

/// The folder that an agent keeps its state and its keys in.
struct AgentFolder: Sendable {
  struct Problem: Error, CustomStringConvertible { let description: String }

  let path: String

  /// Makes the folder, for its owner only.
  init(path: String) throws {
    self.path = path
    guard !FileManager.default.fileExists(atPath: path) else { return }
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch { throw Problem(description: "\(path) cannot be made: \(error)") }
  }

  var database: String { "\(path)/agent.sqlite" }
  var socket: String { "\(path)/agent.sock" }

  /// The key in `name`, made on first use.
  func key(_ name: String) throws -> PrivateKey {
    let file = KeyFile(path: "\(path)/\(name)")
    if file.exists { return try PrivateKey(pem: String(decoding: try file.read(), as: UTF8.self)) }
    let key = PrivateKey()
    try file.write(Array(key.pem.utf8))
    return key
  }

  /// The cluster's authority: its key never leaves this folder.
  func authority(trustDomain: String, now: Date) throws -> CertificateAuthority {
    let key = try key("cluster-ca.key")
    let file = KeyFile(path: "\(path)/cluster-ca.der")
    if file.exists {
      let authority = try CertificateAuthority(certificate: try file.read(), key: key)
      guard authority.trustDomain == trustDomain else {
        throw Problem(
          description: "\(file.path) is the authority of \(authority.trustDomain), "
            + "not of \(trustDomain)")
      }
      return authority
    }
    let authority = try CertificateAuthority.cluster(trustDomain: trustDomain, key: key, now: now)
    try file.write(authority.certificate)
    return authority
  }
}
