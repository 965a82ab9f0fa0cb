package import Documents

/// Who an agent is, as the server said when it joined.
package struct StoredEnrollment: Hashable, Sendable {
  package var organization: String
  package var cluster: String
  package var trustDomain: String
  /// The client certificate and its issuers, DER, leaf first.
  package var certificateChain: [[UInt8]]
  package var serverAuthorities: [[UInt8]]

  package init(
    organization: String, cluster: String, trustDomain: String, certificateChain: [[UInt8]],
    serverAuthorities: [[UInt8]]
  ) {
    self.organization = organization
    self.cluster = cluster
    self.trustDomain = trustDomain
    self.certificateChain = certificateChain
    self.serverAuthorities = serverAuthorities
  }
}

/// How far an agent has followed its server.
package struct Position: Hashable, Sendable {
  package var epoch: String
  package var generation: Int64
  /// Of all (key, hash) pairs that it holds.
  package var digest: StableHash

  package init(
    epoch: String = "", generation: Int64 = 0, digest: StableHash = StableHash(value: 0)
  ) {
    self.epoch = epoch
    self.generation = generation
    self.digest = digest
  }
}

package struct StoredSource: Hashable, Sendable {
  package var fqn: String
  package var revision: Int64

  package init(fqn: String, revision: Int64) {
    self.fqn = fqn
    self.revision = revision
  }
}

/// One blueprint item as it came, readable or not.
package struct StoredItem: Hashable, Sendable {
  package var key: String
  package var kind: String
  package var schema: Int32
  package var hash: StableHash
  package var bytes: [UInt8]
  package var sources: [StoredSource]

  package init(
    key: String, kind: String, schema: Int32, hash: StableHash, bytes: [UInt8],
    sources: [StoredSource]
  ) {
    self.key = key
    self.kind = kind
    self.schema = schema
    self.hash = hash
    self.bytes = bytes
    self.sources = sources
  }
}

/// The content of an item that proxies took.
package struct StoredGood: Hashable, Sendable {
  package var hash: StableHash
  /// Nil when it is the newest content.
  package var older: (bytes: [UInt8], sources: [StoredSource])? {
    bytes.map { ($0, sources) }
  }
  private var bytes: [UInt8]?
  private var sources: [StoredSource]

  package init(hash: StableHash, bytes: [UInt8]? = nil, sources: [StoredSource] = []) {
    self.hash = hash
    self.bytes = bytes
    self.sources = sources
  }
}

/// What a restarted agent knows of an item.
package struct RestoredItem: Hashable, Sendable {
  package var item: StoredItem
  package var good: StoredGood?
  /// Why the item is held back.
  package var refusal: Document?
}

/// A workload that joined.
package struct StoredIdentity: Hashable, Sendable {
  package var nodeID: String
  package var keyHash: [UInt8]
  package var grant: WorkloadGrant
  /// Milliseconds since 1970.
  package var joined: Int64

  package init(nodeID: String, keyHash: [UInt8], grant: WorkloadGrant, joined: Int64) {
    self.nodeID = nodeID
    self.keyHash = keyHash
    self.grant = grant
    self.joined = joined
  }
}

/// What a join token allows its bearer to be.
package struct WorkloadGrant: Hashable, Sendable {
  package var namespace: String
  package var service: String
  package var serviceAccount: String
  package var role: String
  package var labels: [String: String]

  package init(
    namespace: String, service: String, serviceAccount: String, role: String,
    labels: [String: String]
  ) {
    self.namespace = namespace
    self.service = service
    self.serviceAccount = serviceAccount
    self.role = role
    self.labels = labels
  }
}

/// A workload that is here, as it described itself.
package struct StoredRegistration: Hashable, Sendable {
  package var nodeID: String
  package var description: Document
  package var healthy: Bool
  /// Milliseconds since 1970.
  package var lastChange: Int64

  package init(nodeID: String, description: Document, healthy: Bool, lastChange: Int64) {
    self.nodeID = nodeID
    self.description = description
    self.healthy = healthy
    self.lastChange = lastChange
  }
}

/// Why a join token is not accepted. All look alike to the bearer.
package enum TokenRefusal: String, Error, Hashable, Sendable {
  case unknown, wrongSecret, expired, spent
  /// The key of this workload has joined already.
  case knownKey
}

/// Something in the file is not what this program writes.
package struct DamagedStore: Error, CustomStringConvertible {
  package var description: String
}
