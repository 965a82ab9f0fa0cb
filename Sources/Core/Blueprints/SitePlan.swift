/// Who a cluster is.
package struct SitePlan: Hashable, Sendable, Codable {
  package var organization: String
  package var cluster: String
  package var trustDomain: String
  /// The network that its workloads share.
  package var network: String

  package init(organization: String, cluster: String, trustDomain: String, network: String) {
    self.organization = organization
    self.cluster = cluster
    self.trustDomain = trustDomain
    self.network = network
  }
}

/// Whose certificates a cluster believes.
package struct TrustPlan: Hashable, Sendable, Codable {
  /// Trust domain → the certificates of its authorities (DER, base64), sorted.
  package var bundles: [String: [String]]
  /// Grows when a cluster ceases to be believed: whatever was connected before that connects anew,
  /// because a certificate is looked at in the handshake only.
  package var withdrawals: Int

  package init(bundles: [String: [String]], withdrawals: Int = 0) {
    self.bundles = bundles
    self.withdrawals = withdrawals
  }

  /// An agent may have kept a plan from before withdrawals were counted.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    bundles = try values.decode([String: [String]].self, forKey: .bundles)
    withdrawals = try values.decodeIfPresent(Int.self, forKey: .withdrawals) ?? 0
  }
}
