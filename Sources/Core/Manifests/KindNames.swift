package import Model

extension Kind {
  /// In a list: `trafficgroups`.
  package var plural: String {
    switch self {
    case .organizationSetting: "organizationsettings"
    case .workspaceSetting: "workspacesettings"
    case .trafficSetting: "trafficsettings"
    case .securitySetting: "securitysettings"
    case .gateway: "gateways"
    case .organization, .cluster, .tenant, .workspace, .trafficGroup, .securityGroup,
      .gatewayGroup, .serviceRoute:
      collection
    }
  }

  /// As tctl's users type it.
  package var shortName: String {
    switch self {
    case .organization: "org"
    case .organizationSetting: "os"
    case .cluster: "cs"
    case .tenant: "tns"
    case .workspace: "ws"
    case .workspaceSetting: "wss"
    case .trafficGroup: "tg"
    case .securityGroup: "sg"
    case .gatewayGroup: "gg"
    case .trafficSetting: "ts"
    case .serviceRoute: "sr"
    case .securitySetting: "ss"
    case .gateway: "gwt"
    }
  }

  /// Every word that means this kind and perhaps others, in lower case.
  package var words: [String] {
    let words = [rawValue, name, plural, "\(name)s", shortName, collection].map(asciiLowercased)
    return self == .gateway ? words + ["unifiedgateway", "gw"] : words
  }
}

/// The kinds that a word of the command line means, in any case: `ServiceRoute`, `serviceroutes`,
/// `sr`; several for `group` and `settings`.
package func kinds(named word: String) -> [Kind] {
  let wanted = asciiLowercased(word)
  return Kind.allCases.filter { $0.words.contains { $0.utf8.elementsEqual(wanted.utf8) } }
}

/// The word for a kind that is nearest to a misspelt one.
package func nearestKindWord(to word: String) -> String? {
  nearest(to: word, of: Kind.allCases.flatMap { [$0.rawValue, $0.plural] })
}
