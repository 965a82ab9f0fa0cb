/// Who may call what outside of the mesh, through some gateways.
package struct EgressRule: Hashable, Sendable {
  package var callers: EgressCallers
  package var targets: [EgressTarget]
  /// Behind gateways: whose identity counts.
  package var identityMatch: String?

  package init(callers: EgressCallers, targets: [EgressTarget], identityMatch: String? = nil) {
    self.callers = callers
    self.targets = targets
    self.identityMatch = identityMatch
  }
}

package enum EgressCallers: Hashable, Sendable {
  case everybody
  /// The workloads of these parts of the tree.
  case parts([ResourceRef], except: [ResourceRef])
  case serviceAccounts([ServiceAccountPattern])
}

package struct EgressTarget: Hashable, Sendable {
  package var host: StringMatch
  /// Empty: all of them.
  package var methods: [String]
  package var paths: [String]

  package init(host: StringMatch, methods: [String] = [], paths: [String] = []) {
    self.host = host
    self.methods = methods
    self.paths = paths
  }
}
