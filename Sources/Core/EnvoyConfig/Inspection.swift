package import Blueprints
package import Documents
import SwiftProtobuf

// What resources and items say, for who shows them.
extension EnvoyResource {
  /// The message in protobuf's JSON; nil when it cannot be read.
  package var document: Document? {
    guard Self.isRegistered, let message = try? name.type.message.init(serializedBytes: bytes),
      let json = try? message.jsonString()
    else { return nil }
    return try? JSONParser.document(from: Array(json.utf8))
  }

  private static let isRegistered = EnvoyResourceType.embeddedMessages.allSatisfy {
    Google_Protobuf_Any.register(messageType: $0)
  }
}

extension EnvoyResourceType {
  /// In a word: `cluster`, `routes`.
  package var word: String {
    switch self {
    case .cluster: "cluster"
    case .endpoints: "endpoints"
    case .secret: "secret"
    case .listener: "listener"
    case .scopedRoutes: "scope"
    case .routes: "routes"
    case .name: "name"
    }
  }
}

extension BlueprintItem {
  /// The other services that the item sends requests to.
  package var mentionedServices: Set<ServiceKey> {
    switch self {
    case .service(let plan): Set(plan.mentionedHosts.compactMap(ServiceKey.init(host:)))
    case .gateway(let plan): Set(plan.mentionedHosts.compactMap(ServiceKey.init(host:)))
    case .site, .namespace, .workloads, .trust, .peer: []
    }
  }
}
