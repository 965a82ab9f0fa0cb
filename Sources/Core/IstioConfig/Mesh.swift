import Blueprints

/// What a translation starts from, by what it is.
struct Mesh {
  private(set) var site: SitePlan?
  private(set) var trust: TrustPlan?
  /// By host.
  private var services: [String: ServicePlan] = [:]
  private(set) var sortedServices: [ServicePlan] = []
  private(set) var sortedNamespaces: [NamespacePlan] = []
  private(set) var sortedWorkloads: [WorkloadsPlan] = []
  private(set) var sortedGateways: [GatewayPlan] = []
  private var peers: [String: PeerPlan] = [:]
  private let healthy: [ItemKey: Int]
  let installation: IstioInstallation

  init(
    items: [ItemKey: BlueprintItem], healthy: [ItemKey: Int], installation: IstioInstallation
  ) {
    self.healthy = healthy
    self.installation = installation
    for (_, item) in items.sorted(by: { $0.key < $1.key }) {
      switch item {
      case .site(let plan): site = plan
      case .trust(let plan): trust = plan
      case .service(let plan): services[plan.host] = plan
      case .namespace(let plan): sortedNamespaces.append(plan)
      case .workloads(let plan): sortedWorkloads.append(plan)
      case .gateway(let plan): sortedGateways.append(plan)
      case .peer(let plan): peers[plan.cluster] = plan
      }
    }
    sortedServices = services.values.sorted {
      ($0.namespace, $0.name) < ($1.namespace, $1.name)
    }
  }

  func service(host: String) -> ServicePlan? { services[host] }

  var hasPeers: Bool { !peers.isEmpty }

  /// Where what is meant for another cluster goes from here.
  func entrances(to cluster: String) -> [GatewayAddress] {
    (peers[cluster]?.gateways ?? []).filter(\.healthy)
  }

  func healthyInstances(of service: ServicePlan) -> Int { max(healthy[service.key] ?? 1, 0) }
}

extension ServicePlan {
  var key: ItemKey { .service(namespace: namespace, name: name) }

  /// What `cluster` has of this service, as a host of its own. Istio's own form of what a handshake
  /// asks for is, for this host, what gateways between clusters go by.
  func copyHost(in cluster: String) -> String {
    "\(name).\(namespace)\(ServerName.copySuffix(of: cluster))"
  }
}

/// What Istio's proxies ask for in a handshake, unless a rule says otherwise.
func istioServerName(of host: String, port: Int, subset: String? = nil) -> String {
  "outbound_.\(port)_.\(subset ?? "")_.\(host)"
}
