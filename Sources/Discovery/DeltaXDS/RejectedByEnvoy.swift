package import DiscoveryProtos
private import SwiftProtobuf

/// A resource that an Envoy refused, in Envoy's words.
package struct RejectedByEnvoy: Hashable, Sendable {
  package var name: ResourceName
  package var version: String
  /// For people: Envoy varies it on purpose.
  package var reason: String

  package init(name: ResourceName, version: String, reason: String) {
    self.name = name
    self.version = version
    self.reason = reason
  }
}

private let rejectedResourceURL = "type.googleapis.com/rialto.workload.v1.RejectedResource"

extension Google_Rpc_Status {
  /// The status of a negative acknowledgement that names its offenders.
  package static func rejection(of resources: [RejectedByEnvoy]) -> Google_Rpc_Status {
    .with { status in
      status.code = 13
      status.message = resources.map { "\($0.name.name): \($0.reason)" }.joined(separator: "; ")
      status.details = resources.map { resource in
        let detail = Rialto_Discovery_V1_RejectedResource.with {
          $0.typeURL = resource.name.type.url
          $0.name = resource.name.name
          $0.version = resource.version
          $0.reason = resource.reason
        }
        // A message of four strings always serializes.
        var packed = (try? Google_Protobuf_Any(message: detail)) ?? .init()
        packed.typeURL = rejectedResourceURL
        return packed
      }
    }
  }

  /// The offenders that the status names; empty when it names none.
  package var rejectedResources: [RejectedByEnvoy] {
    details.compactMap { detail in
      guard detail.typeURL == rejectedResourceURL,
        let resource = try? Rialto_Discovery_V1_RejectedResource(serializedBytes: detail.value)
      else { return nil }
      return RejectedByEnvoy(
        name: ResourceName(ResourceType(resource.typeURL), resource.name),
        version: resource.version, reason: resource.reason)
    }
  }
}
