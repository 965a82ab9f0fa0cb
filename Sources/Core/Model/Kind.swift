/// The kinds of objects that operators write, in an order in which parents precede children.
///
/// What is known of each stands in one row of `KindFacts.table`.
package enum Kind: CaseIterable, Hashable, Sendable {
  // The tree.
  case organization, organizationSetting, cluster, clusterOnboarding, tenant, tenantSetting
  case workspace, workspaceSetting
  case trafficGroup, securityGroup, gatewayGroup, istioInternalGroup
  // What groups hold.
  case trafficSetting, serviceTrafficSetting, serviceRoute
  case securitySetting, serviceSecuritySetting
  case gateway, ingressGateway, tier1Gateway, egressGateway, installGateway
  case sharedGatewayReferenceGrant
  // What agents observe.
  case service
  // Beside the groups.
  case installGatewayTemplate, wasmExtension
  case organizationProfile, tenantProfile, workspaceProfile
  case application, api, workspaceAPI
  case onboardingPolicy, workloadGroup
  // People and programs.
  case role, user, team, serviceAccount, oidc
  case organizationAccess, tenantAccess, workspaceAccess, trafficAccess, securityAccess
  case gatewayAccess, istioInternalAccess, applicationAccess, apiAccess
  // Raw objects of Istio.
  case virtualService, destinationRule, sidecar
  case peerAuthentication, authorizationPolicy, requestAuthentication
  case istioGateway, gatewayVirtualService, gatewayRequestAuthentication
  case gatewayAuthorizationPolicy
  case envoyFilter, serviceEntry, wasmPlugin
}

extension Kind {
  /// What it is called in the database and by programs: `serviceRoute`.
  package var rawValue: String { facts.id }

  package init?(rawValue: String) {
    guard let kind = KindFacts.byID[rawValue] else { return nil }
    self = kind
  }

  /// `kind:` in a manifest; the kinds of group share one word and differ by their API group.
  package var name: String { facts.name }

  /// The first label of the API group: `traffic` in `traffic.rialto.mesh/v2`.
  package var apiGroup: String { facts.group }

  /// `traffic.rialto.mesh/v2`.
  package var apiVersion: String { facts.apiVersion }

  /// The path segment of the collection below its parent: `serviceroutes`.
  package var collection: String { facts.collection }

  package var parent: Kind? { facts.parent }

  /// From the root to this kind, itself included.
  package var ancestry: [Kind] { facts.ancestry }

  /// As tctl's users type it.
  package var shortName: String { facts.short }

  /// `gateway group`, for sentences.
  package var title: String { facts.title }

  /// Whether an object has at most one below it, which therefore needs no name: its path ends with
  /// the collection.
  package var isOnly: Bool { facts.isOnly }

  /// `networking.istio.io` where the objects are Istio's own, in groups that hold such.
  package var istioGroup: String? { facts.istioGroup }

  /// Whether it says who may do what with its parent.
  package var isAccess: Bool { facts.isAccess }

  package var isGroup: Bool { facts.name == "Group" }

  /// The key in `metadata` that names an object of this kind as a parent: `workspace`, `group`…
  package var metadataKey: String { isGroup ? "group" : facts.isParent ? facts.id : "name" }

  /// The kind that `collection` names below `parent` (nil: at the root).
  package init?(collection: String, below parent: Kind?) {
    let place = KindFacts.Place(collection: collection, parent: parent)
    guard let kind = KindFacts.byPlace[place] else { return nil }
    self = kind
  }

  /// The kinds of a manifest: several where an object may have parents of several kinds.
  package static func all(apiGroup: String, name: String) -> [Kind] {
    allCases.filter { $0.apiGroup == apiGroup && $0.name == name }
  }
}

extension Kind: Comparable {
  package static func < (left: Kind, right: Kind) -> Bool { left.facts.order < right.facts.order }
}

extension Kind: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let kind = Kind(rawValue: text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "no kind \(text)"))
    }
    self = kind
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}
