import Documents
import EnvoyConfig

/// A snapshot as one bootstrap without discovery, so that Envoy builds all of it at once: what is
/// subscribed to by name stands in the place of the subscription.
///
/// Making it fails when a name that a resource mentions is not in the snapshot.
struct StaticBootstrap {
  struct Undefined: Error, Hashable {
    var type: String
    var name: String
  }

  let document: Document

  init(_ snapshot: [EnvoyResource], secrets: [Document] = []) throws {
    var defined: [EnvoyResourceType: [String: Document]] = [:]
    for resource in snapshot {
      defined[resource.name.type, default: [:]][resource.name.name] = try resource.document()
    }
    for secret in secrets {
      if let name = secret["name"]?.string { defined[.secret, default: [:]][name] = secret }
    }
    let clusters = try Self.sorted(defined[.cluster]).map { [defined] in
      try Self.resolve($0, defined)
    }
    let listeners = try Self.sorted(defined[.listener]).map { [defined] in
      try Self.resolve($0, defined)
    }
    document = [
      "node": ["id": "test", "cluster": "test"],
      "static_resources": [
        "clusters": .list(clusters), "listeners": .list(listeners),
        "secrets": .list(Self.sorted(defined[.secret]).map(Self.withoutFiles)),
      ],
    ]
    // Scopes and routes that no listener mentions have to be whole as well.
    for scope in Self.sorted(defined[.scopedRoutes]) {
      _ = try Self.find(.routes, scope["routeConfigurationName"]?.string, defined)
    }
    for routes in Self.sorted(defined[.routes]) { _ = try Self.resolve(routes, defined) }
  }

  /// The files of a gateway's machine are not here.
  private static func withoutFiles(_ secret: Document) -> Document {
    guard case .object(var members) = secret else { return secret }
    if members["tlsCertificate"]?["certificateChain"]?["filename"] != nil {
      members["tlsCertificate"] = TestCertificate.secret["tls_certificate"]
    }
    if members["validationContext"]?["trustedCa"]?["filename"] != nil {
      members["validationContext"] = [
        "trustedCa": ["inlineString": .string(TestCertificate.chain)]
      ]
    }
    return .object(members)
  }

  private static func sorted(_ documents: [String: Document]?) -> [Document] {
    (documents ?? [:]).sorted { $0.key < $1.key }.map(\.value)
  }

  private static func find(
    _ type: EnvoyResourceType, _ name: String?, _ defined: [EnvoyResourceType: [String: Document]]
  ) throws -> Document {
    guard let found = defined[type]?[name ?? ""] else {
      throw Undefined(type: "\(type)", name: name ?? "")
    }
    return found
  }

  private static func resolve(
    _ document: Document, _ defined: [EnvoyResourceType: [String: Document]]
  ) throws -> Document {
    switch document {
    case .list(let elements): return .list(try elements.map { try resolve($0, defined) })
    case .object(var members):
      if let rds = members.removeValue(forKey: "rds") {
        members["routeConfig"] = try find(.routes, rds["routeConfigName"]?.string, defined)
      }
      if members["scopedRoutes"] != nil { members["scopedRoutes"] = try scopes(members, defined) }
      // Marks name what they like.
      let marks = ["metadata", "match"].compactMap { key in
        key == "metadata" || members["transportSocket"] != nil
          ? members.removeValue(forKey: key).map { (key, $0) } : nil
      }
      if members.removeValue(forKey: "sdsConfig") != nil {
        _ = try find(.secret, members["name"]?.string, defined)
      }
      if members.removeValue(forKey: "edsClusterConfig") != nil {
        members["type"] = "STATIC"
        members["loadAssignment"] = try find(.endpoints, members["name"]?.string, defined)
      }
      if let cluster = members["cluster"]?.string { _ = try find(.cluster, cluster, defined) }
      for entry in members["weightedClusters"]?["clusters"]?.list ?? [] {
        _ = try find(.cluster, entry["name"]?.string, defined)
      }
      let resolved = try members.mapValues { try resolve($0, defined) }
      return .object(resolved.merging(marks) { first, _ in first })
    default: return document
    }
  }

  private static func scopes(
    _ manager: [String: Document], _ defined: [EnvoyResourceType: [String: Document]]
  ) throws -> Document {
    guard case .object(var scoped)? = manager["scopedRoutes"] else { return .null }
    let scopes = try sorted(defined[.scopedRoutes]).map { scope -> Document in
      guard case .object(var members) = scope else { return scope }
      let routes = members.removeValue(forKey: "routeConfigurationName")?.string
      members["routeConfiguration"] = try find(.routes, routes, defined)
      return .object(members)
    }
    scoped["scopedRds"] = nil
    scoped["scopedRouteConfigurationsList"] = ["scopedRouteConfigurations": .list(scopes)]
    return .object(scoped)
  }
}
