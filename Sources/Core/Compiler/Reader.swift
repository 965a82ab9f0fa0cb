import Blueprints
import Documents
import Model

/// The one way in which units see the inputs: it notes every fact that was looked at.
struct Reader {
  private let world: World
  private(set) var facts: Set<Fact> = []
  private(set) var diagnostics: [Diagnostic] = []

  init(_ world: World) { self.world = world }

  mutating func resource(_ ref: ResourceRef) -> Resource? {
    facts.insert(.object(ref))
    return world.resources[ref]
  }

  /// Oldest first.
  mutating func children(of ref: ResourceRef, _ kind: Kind) -> [Resource] {
    let fact = Fact.children(ref, kind)
    facts.insert(fact)
    return resources(world.children[fact])
  }

  /// The names of all clusters and their trust domains, by name.
  mutating func trustDomains() -> [(cluster: String, trustDomain: String)] {
    facts.insert(.clusters)
    return world.clusters.sorted { $0.key < $1.key }.map { ($0.key, $0.value.trustDomain) }
  }

  mutating func cluster(_ name: String) -> ResolvedCluster? {
    facts.insert(.cluster(name))
    return world.clusters[name]
  }

  /// Where a service runs and what it is there, by cluster, without what changes from instance to
  /// instance; clusters without an object do not count.
  mutating func offers(of service: ServiceName) -> [Offer] {
    facts.insert(.offer(service))
    return (world.services[service] ?? [:]).sorted { $0.key < $1.key }.compactMap {
      name, observed in
      // Workloads that only call others make their namespace known, and offer nothing.
      observed.ports.isEmpty
        ? nil
        : cluster(name).map { Offer(cluster: $0, ports: observed.ports, labels: observed.labels) }
    }
  }

  /// Everything that is observed of a service, by cluster.
  mutating func observed(_ service: ServiceName) -> [String: ObservedService] {
    facts.insert(.service(service))
    return world.services[service] ?? [:]
  }

  mutating func address(of service: ServiceName) -> String? {
    facts.insert(.address(service))
    return world.addresses[service.host]
  }

  /// Oldest first.
  mutating func routes(of service: ServiceName) -> [Resource] {
    facts.insert(.routes(service))
    return resources(world.routes[service])
  }

  /// The routes and gateways that send requests to a service.
  mutating func mentions(of service: ServiceName) -> [Resource] {
    facts.insert(.mentions(service))
    return resources(world.mentions[service])
  }

  /// Oldest first.
  mutating func gateways(in namespace: String) -> [Resource] {
    facts.insert(.gateways(namespace: namespace))
    return resources(world.gateways[namespace])
  }

  mutating func isPopulated(_ place: NamespaceInCluster) -> Bool {
    facts.insert(.population(place))
    return world.population[place] != nil
  }

  /// The certificates of a cluster's authorities, DER.
  mutating func authorities(of cluster: String) -> [[UInt8]] {
    facts.insert(.authorities)
    return world.authorities[cluster] ?? []
  }

  /// How often all authorities of some cluster were withdrawn.
  mutating func withdrawals() -> Int {
    facts.insert(.authorities)
    return world.withdrawals.values.reduce(0, +)
  }

  // MARK: Between clusters

  /// The clusters in which somebody may call a service, by name.
  mutating func clusters(reaching service: ServiceName) -> [String] {
    facts.insert(.reach(namespace: service.namespace))
    return world.reach.clusters(reaching: service.namespace, service.name)
  }

  mutating func isConnected(from: String, to: String) -> Bool {
    facts.insert(.connection(Connection(from: from, to: to)))
    return world.connectivity.isConnected(from: from, to: to)
  }

  mutating func path(from: String, to: String) -> PeerPath? {
    facts.insert(.paths(to: to))
    return world.connectivity.path(from: from, to: to)
  }

  /// The port at which gateways take what is meant for a cluster.
  mutating func port(of cluster: String) -> Int? {
    facts.insert(.port(cluster))
    return world.connectivity.ports[cluster]
  }

  mutating func proxies(of cluster: String) -> [ObservedGateway] {
    facts.insert(.proxies(cluster))
    return world.proxies[cluster] ?? []
  }

  mutating func eastWestGateways(of cluster: String) -> Set<GatewayShape> {
    facts.insert(.eastWest(cluster))
    return (world.proxies[cluster] ?? []).eastWest
  }

  mutating func networks() -> Set<String> {
    facts.insert(.networks)
    return Set(world.connectivity.networks.values)
  }

  /// An object for what it says about policies, and for nothing else.
  mutating func policyHolder(_ ref: ResourceRef, _ aspect: PolicyAspect) -> Resource? {
    facts.insert(.policy(ref, aspect))
    return world.resources[ref]
  }

  /// The one setting below an object; of several, the oldest.
  mutating func policySetting(
    of parent: ResourceRef, _ kind: Kind, _ aspect: PolicyAspect
  ) -> Resource? {
    let fact = Fact.children(parent, kind)
    facts.insert(fact)
    return (world.children[fact] ?? []).compactMap { policyHolder($0, aspect) }
      .min { $0.precedes($1) }
  }

  /// The one setting of a service below a group; of several, the oldest.
  mutating func policySetting(
    of service: ServiceName, in group: ResourceRef, _ kind: Kind, _ aspect: PolicyAspect
  ) -> Resource? {
    facts.insert(.serviceSettings(service))
    return (world.serviceSettings[service] ?? []).filter { $0.parent == group && $0.kind == kind }
      .compactMap { policyHolder($0, aspect) }.min { $0.precedes($1) }
  }

  /// The settings of a service in all groups, oldest first.
  mutating func settings(of service: ServiceName) -> [Resource] {
    facts.insert(.serviceSettings(service))
    return resources(world.serviceSettings[service])
  }

  /// The objects that send a host's requests to services, oldest first.
  mutating func gateways(serving host: String) -> [Resource] {
    facts.insert(.host(host))
    return resources(world.hosts[host])
  }

  private mutating func resources(_ refs: Set<ResourceRef>?) -> [Resource] {
    (refs ?? []).compactMap { resource($0) }.sorted { $0.precedes($1) }
  }

  // MARK: Ownership

  /// The workspace that owns a namespace of a cluster: the oldest whose selector selects it.
  mutating func workspace(of place: NamespaceInCluster) -> Resource? {
    claims(.workspace, on: place).first
  }

  /// The group of a kind that owns a namespace of a cluster, within the workspace that owns it.
  mutating func group(_ kind: Kind, of place: NamespaceInCluster) -> Resource? {
    guard let workspace = workspace(of: place) else { return nil }
    return claims(kind, on: place).first { $0.ref.parent == workspace.ref }
  }

  /// Every object of a kind that selects the namespace, oldest first. Only who they are and who came
  /// first is noted as read: for anything else of them ask for the resource.
  mutating func claims(_ kind: Kind, on place: NamespaceInCluster) -> [Resource] {
    facts.insert(.ownership(kind, namespace: place.namespace))
    let candidates = world.selectors[kind]?.candidates(namespace: place.namespace) ?? []
    return candidates.compactMap { world.resources[$0] }.filter {
      $0.namespaceSelector?.selects(cluster: place.cluster, namespace: place.namespace) ?? false
    }.sorted { $0.precedes($1) }
  }

  // MARK: Security domains

  /// The domain that a part of the tree is in, and the object that says so: the topmost that does.
  /// A security group's parents are asked, too.
  mutating func securityDomain(
    of ref: ResourceRef
  ) -> (domain: SecurityDomain, ref: ResourceRef)? {
    for kind in [Kind.tenant, .workspace, .securityGroup] {
      guard let ancestor = ref.ancestor(kind), let domain = writtenDomain(of: ancestor) else {
        continue
      }
      return (domain, ancestor)
    }
    return nil
  }

  /// What an object itself says.
  mutating func writtenDomain(of ref: ResourceRef) -> SecurityDomain? {
    facts.insert(.securityDomain(ref))
    return world.resources[ref]?.securityDomain
  }

  /// The topmost parts of the tree that are in a domain, by kind and name.
  mutating func members(of domain: SecurityDomain) -> [ResourceRef] {
    facts.insert(.domainMembers(domain))
    return (world.domainMembers[domain] ?? []).sorted().filter { securityDomain(of: $0)?.ref == $0 }
  }

  // MARK: Saying what is wrong

  mutating func report(
    _ severity: Diagnostic.Severity, _ code: CompilerCode, on resource: Resource,
    at path: FieldPath = FieldPath(), _ message: String
  ) {
    report(severity, code, on: resource.ref, at: path, message)
  }

  mutating func report(
    _ severity: Diagnostic.Severity, _ code: CompilerCode, on ref: ResourceRef, at path: FieldPath,
    _ message: String
  ) {
    diagnostics.append(
      Diagnostic(severity, code: code.rawValue, subject: ref.fqn, path: path, message: message))
  }
}

/// A service as a cluster offers it.
struct Offer {
  var cluster: ResolvedCluster
  var ports: [ObservedPort]
  var labels: [String: String]
}

/// What the compiler can find wrong.
enum CompilerCode: String {
  /// Two workspaces, or two groups of a kind, select one namespace.
  case contestedNamespace = "RL3001"
  /// Two objects of which there can be one.
  case duplicate = "RL3002"
  /// A subset that the service does not have.
  case unknownSubset = "RL3003"
  /// A service or port that does not run where it is needed.
  case unknownDestination = "RL3004"
  /// Weights that do not add up.
  case weights = "RL3005"
  /// A rule that refers to an object that is not there.
  case unknownReference = "RL3006"
  /// Two clusters with one trust domain.
  case sharedTrustDomain = "RL3007"
  /// Something that nothing there fits.
  case noEffect = "RL3008"
}
