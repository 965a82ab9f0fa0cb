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

  package init(bundles: [String: [String]]) { self.bundles = bundles }
}
