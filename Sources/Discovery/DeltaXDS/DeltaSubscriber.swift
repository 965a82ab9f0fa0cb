package import DiscoveryProtos
private import SwiftProtobuf

package typealias DeltaDiscoveryRequest = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest
package typealias DeltaDiscoveryResponse = Envoy_Service_Discovery_V3_DeltaDiscoveryResponse

/// The client's side of incremental discovery, as a value: what a relay knows of its upstream.
///
/// Per stream: send `opening()`, then for each response `receive` it and, once its resources are in
/// force or refused downstream, send `acknowledgement(of:rejected:)`. What has been acknowledged is
/// named in the next `opening()`, so that an upstream without news answers with nothing.
package struct DeltaSubscriber: Sendable {
  package enum Invalid: Error, Hashable {
    case resourceWithoutBody(type: String, name: String)
  }

  private let nodeID: String
  private let userAgent: (name: String, version: String)
  private let types: [ResourceType]
  /// The versions in force here; empty for what was received and is not in force: the upstream is to
  /// send it again, or to say that it is gone.
  private var held: [ResourceType: [String: String]] = [:]

  /// - Parameter held: what an earlier process kept on disk.
  package init(
    nodeID: String, held: [Resource], types: [ResourceType] = ResourceType.all,
    userAgent: (name: String, version: String) = ("rialto", "")
  ) {
    self.nodeID = nodeID
    self.userAgent = userAgent
    self.types = types
    for resource in held {
      self.held[resource.name.type, default: [:]][resource.name.name] = resource.version
    }
  }

  /// Whether this very version is in force, as far as the upstream was told.
  package func isInForce(_ resource: Resource) -> Bool {
    held[resource.name.type]?[resource.name.name] == resource.version
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
        request.initialResourceVersions = held[type] ?? [:]
      }
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
    for resource in upserts where held[type]?[resource.name.name] != resource.version {
      held[type, default: [:]][resource.name.name] = ""
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
      held[received.type, default: [:]][resource.name.name] = resource.version
    }
    for name in received.removals { held[received.type]?[name.name] = nil }
    return DeltaDiscoveryRequest.with { request in
      request.typeURL = received.type.url
      request.responseNonce = received.nonce
      if !rejected.isEmpty { request.errorDetail = .rejection(of: rejected) }
    }
  }

  /// Says that something acknowledged earlier turned out to be refused, when an Envoy asked for it
  /// at last.
  package mutating func lateRefusal(of resource: RejectedByEnvoy) -> DeltaDiscoveryRequest {
    held[resource.name.type]?[resource.name.name] = ""
    return DeltaDiscoveryRequest.with { request in
      request.typeURL = resource.name.type.url
      request.errorDetail = .rejection(of: [resource])
    }
  }
}
