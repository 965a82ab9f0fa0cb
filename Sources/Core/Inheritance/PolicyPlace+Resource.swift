package import Model

extension PolicyPlace {
  /// The place in the tree that an object is, or that it is a setting of; nil where nothing is
  /// inherited.
  package init?(of resource: Resource, subset: String? = nil) {
    let ref = resource.ref
    switch ref.kind {
    case .organization, .tenant, .workspace: self.init(ref)
    case .organizationSetting, .tenantSetting, .workspaceSetting:
      guard let parent = ref.parent else { return nil }
      self.init(parent)
    case .trafficGroup, .trafficSetting, .serviceTrafficSetting, .serviceRoute:
      guard let workspace = ref.ancestor(.workspace) else { return nil }
      self.init(
        workspace, trafficGroup: ref.ancestor(.trafficGroup),
        service: resource.settingService ?? resource.routedService)
    case .securityGroup, .securitySetting, .serviceSecuritySetting:
      guard let workspace = ref.ancestor(.workspace) else { return nil }
      self.init(
        workspace, securityGroup: ref.ancestor(.securityGroup), service: resource.settingService,
        subset: subset)
    default: return nil
    }
  }

  /// The properties that are settled there: those of security below a group of the other type are
  /// not, for a namespace has a group of either.
  package var properties: [PolicyProperty] {
    PolicyProperty.allCases.filter { property in
      switch (trafficGroup, securityGroup) {
      case (nil, .some): property.isSecurity
      case (.some, nil): !property.isSecurity
      case (nil, nil), (.some, .some): true
      }
    }
  }
}

extension Resource {
  /// The service that a setting is for.
  package var settingService: ServiceName? {
    switch spec {
    case .serviceTrafficSetting(let setting): setting.service
    case .serviceSecuritySetting(let setting): setting.service
    default: nil
    }
  }

  /// The service that a route is for.
  fileprivate var routedService: ServiceName? {
    if case .serviceRoute(let route) = spec { route.service } else { nil }
  }
}
