package import DiscoveryProtos
private import SwiftProtobuf

package typealias DeltaDiscoveryRequest = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest
package typealias DeltaDiscoveryResponse = Envoy_Service_Discovery_V3_DeltaDiscoveryResponse

/// The client's side of incremental discovery, as a value: what a relay knows of its upstream.
///
/// Per stream: send `opening()`, then for each response `receive` it and, once its resources are in
/// force or refused downstream, send `acknowledgement(of:rejected:)`. What has been acknowledged is
/// named in the next `opening()`, so that an upstream without news answers with nothing; as a digest,
/// if possible, in which case `list(askedBy:)` answers an upstream that has other content.
package struct DeltaSubscriber: Sendable {
  package enum Invalid: Error, Hashable {
    case resourceWithoutBody(type: String, name: String)
  }

  private let nodeID: String
  private let userAgent: (name: String, version: String)
  private let types: [ResourceType]
  private var held: [ResourceType: Inventory] = [:]

  /// - Parameters:
  ///   - held: what an earlier process kept on disk.
  ///   - undecided: what was received on an earlier stream and may or may not come into force.
  package init(
    nodeID: String, held: [Resource], undecided: [ResourceName] = [],
    types: [ResourceType] = ResourceType.all,
    userAgent: (name: String, version: String) = ("rialto", "")
  ) {
    self.nodeID = nodeID
    self.userAgent = userAgent
    self.types = types
    for resource in held {
      self.held[resource.name.type, default: Inventory()]
        .set(resource.version, of: resource.name.name)
    }
    for name in undecided { self.held[name.type, default: Inventory()].set("", of: name.name) }
  }

  /// Whether this very version is in force, as far as the upstream was told.
  package func isInForce(_ resource: Resource) -> Bool {
    held[resource.name.type]?.versions[resource.name.name] == resource.version
  }

  /// What to send first on a new stream: a wildcard subscription per type. The first one carries
  /// the node.
  package mutating func opening() -> [DeltaDiscoveryRequest] {
    types.enumerated().map { index, type in
      DeltaDiscoveryRequest.with { request in
        if index == 0 {
          request.node = .with {
            $0.id = nodeID
            $0.userAgentName = userAgent.name
            $0.userAgentVersion = userAgent.version
          }
        }
        request.typeURL = type.url
        request.resourceNamesSubscribe = ["*"]
        request.initialResourceVersions = held[type]?.claim ?? [:]
      }
    }
  }

  /// The answer when a response says that the digest of its type does not hold; nil for every other
  /// response.
  package func list(askedBy response: DeltaDiscoveryResponse) -> DeltaDiscoveryRequest? {
    guard response.removedResources == [ContentDigest.reservedName] else { return nil }
    return DeltaDiscoveryRequest.with { request in
      request.typeURL = response.typeURL
      request.responseNonce = response.nonce
      request.initialResourceVersions =
        held[ResourceType(response.typeURL)]?.versions ?? [:]
    }
  }

  /// One response, taken apart.
  package struct Received: Hashable, Sendable {
    package var type: ResourceType
    package var nonce: String
    package var upserts: [Resource]
    package var removals: [ResourceName]
  }

  package mutating func receive(_ response: DeltaDiscoveryResponse) throws -> Received {
    let type = ResourceType(response.typeURL)
    let upserts = try response.resources.map { resource in
      guard resource.hasResource else {
        throw Invalid.resourceWithoutBody(type: type.url, name: resource.name)
      }
      return Resource(
        name: ResourceName(type, resource.name), version: resource.version,
        body: [UInt8](resource.resource.value))
    }
    for resource in upserts where !isInForce(resource) {
      held[type, default: Inventory()].set("", of: resource.name.name)
    }
    for name in response.removedResources where held[type]?.versions[name] != nil {
      held[type]?.set("", of: name)
    }
    return Received(
      type: type, nonce: response.nonce, upserts: upserts,
      removals: response.removedResources.map { ResourceName(type, $0) })
  }

  /// The acknowledgement, or, when something is rejected, the negative one that names the rejected
  /// resources; everything else of the response is in force.
  package mutating func acknowledgement(
    of received: Received, rejected: [RejectedByEnvoy] = []
  ) -> DeltaDiscoveryRequest {
    let refused = Set(rejected.map(\.name))
    for resource in received.upserts where !refused.contains(resource.name) {
      held[received.type, default: Inventory()].set(resource.version, of: resource.name.name)
    }
    for name in received.removals { held[received.type]?.remove(name.name) }
    return DeltaDiscoveryRequest.with { request in
      request.typeURL = received.type.url
      request.responseNonce = received.nonce
      if !rejected.isEmpty { request.errorDetail = .rejection(of: rejected) }
    }
  }

  /// Says that something acknowledged earlier turned out to be refused, when an Envoy asked for it
  /// at last.
  package mutating func lateRefusal(of resource: RejectedByEnvoy) -> DeltaDiscoveryRequest {
    held[resource.name.type, default: Inventory()].set("", of: resource.name.name)
    return DeltaDiscoveryRequest.with { request in
      request.typeURL = resource.name.type.url
      request.errorDetail = .rejection(of: [resource])
    }
  }
}
