package import Model

/// Who asks. A request that proves nothing comes from nobody in particular.
package enum Principal: Hashable, Sendable {
  case administrator(name: String)
  case anonymous

  /// The name under which changes and the audit know it.
  package var name: String {
    switch self {
    case .administrator(let name): name
    case .anonymous: "anonymous"
    }
  }
}

/// What somebody wants to do with an object, or with the whole installation.
package enum Action: String, CaseIterable, Hashable, Sendable {
  case read
  case create
  case update
  case delete
  /// Mint a token with which an agent joins as a cluster.
  case issueJoinToken
  /// Read the list of changes.
  case readChanges
  /// Read what agents and proxies report.
  case readFleet
}

package enum Decision: Hashable, Sendable {
  case allowed(because: String)
  case denied(because: String)

  package var isAllowed: Bool {
    switch self {
    case .allowed: true
    case .denied: false
    }
  }

  package var reason: String {
    switch self {
    case .allowed(let reason), .denied(let reason): reason
    }
  }
}

/// Whether a principal may do something. What no rule allows is denied.
/// - Parameter target: the object, or nil for the whole installation.
package func decision(
  for principal: Principal, to action: Action, on target: ResourceRef?
) -> Decision {
  let place = target.map { "on \($0.fqn)" } ?? "on the whole installation"
  switch principal {
  case .administrator(let name):
    return .allowed(because: "\(name) is an administrator")
  case .anonymous:
    return .denied(because: "nobody may \(action.rawValue) \(place) without a credential")
  }
}
