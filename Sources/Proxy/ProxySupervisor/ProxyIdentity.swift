private import Documents
private import Foundation
package import Identity

/// Who this proxy is, as its agent said when it joined, and the certificates that prove it.
package struct ProxyIdentity: Sendable {
  package var nodeID: String
  package var namespace: String
  package var service: String
  package var serviceAccount: String
  package var role: String
  package var cluster: String
  package var trustDomain: String
  /// DER, leaf first.
  package var chain: [[UInt8]]
  /// The authorities of the cluster, DER.
  package var authorities: [[UInt8]]
  package var labels: [String: String]

  package var bundle: TrustBundle { TrustBundle(authorities: [trustDomain: authorities]) }
}

extension ProxyIdentity {
  package init?(parsing bytes: [UInt8]) {
    guard let document = try? JSONParser.document(from: bytes) else { return nil }
    func text(_ key: String) -> String? { document[key]?.string }
    func certificates(_ key: String) -> [[UInt8]]? {
      guard let list = document[key]?.list, !list.isEmpty else { return nil }
      let decoded = list.compactMap { $0.string.flatMap { Data(base64Encoded: $0) } }.map(
        Array.init)
      return decoded.count == list.count ? decoded : nil
    }
    guard let nodeID = text("nodeID"), let namespace = text("namespace"),
      let service = text("service"), let serviceAccount = text("serviceAccount"),
      let role = text("role"), let cluster = text("cluster"),
      let trustDomain = text("trustDomain"), let chain = certificates("chain"),
      let authorities = certificates("authorities"), let labels = document["labels"]?.object
    else { return nil }
    self.init(
      nodeID: nodeID, namespace: namespace, service: service, serviceAccount: serviceAccount,
      role: role, cluster: cluster, trustDomain: trustDomain, chain: chain,
      authorities: authorities, labels: labels.compactMapValues(\.string))
  }

  package var bytes: [UInt8] {
    func list(_ certificates: [[UInt8]]) -> Document {
      .list(certificates.map { .string(Data($0).base64EncodedString()) })
    }
    let document: Document = [
      "nodeID": .string(nodeID), "namespace": .string(namespace), "service": .string(service),
      "serviceAccount": .string(serviceAccount), "role": .string(role),
      "cluster": .string(cluster), "trustDomain": .string(trustDomain), "chain": list(chain),
      "authorities": list(authorities), "labels": .object(labels.mapValues { .string($0) }),
    ]
    return document.canonicalJSON
  }
}

/// The folder with the proxy's key and identity.
package struct IdentityFolder: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  private var keyFile: KeyFile { KeyFile(path: path + "/key.pem") }
  private var identityFile: KeyFile { KeyFile(path: path + "/identity.json") }

  /// The key, made on the first call. It is on disk before anybody hears of it.
  package func key() throws -> PrivateKey {
    if keyFile.exists {
      return try PrivateKey(pem: String(decoding: try keyFile.read(), as: UTF8.self))
    }
    let key = PrivateKey()
    try keyFile.write(Array(key.pem.utf8))
    return key
  }

  /// nil before the proxy has joined.
  package func identity() throws -> ProxyIdentity? {
    guard identityFile.exists else { return nil }
    guard let identity = ProxyIdentity(parsing: try identityFile.read()) else {
      throw EnrollmentProblem.unreadable(identityFile.path)
    }
    return identity
  }

  package func save(_ identity: ProxyIdentity) throws { try identityFile.write(identity.bytes) }
}
