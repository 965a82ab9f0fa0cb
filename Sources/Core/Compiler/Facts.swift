import Model

/// What a unit can read: the grain in which changes of the inputs are followed to the units they
/// touch. Whatever a unit looks at, it looks at through `Reader`, which notes the fact.
enum Fact: Hashable {
  case object(ResourceRef)
  /// Which objects of a kind an object has below it.
  case children(ResourceRef, Kind)
  /// Which clusters there are, and the trust domain of each.
  case clusters
  case cluster(String)
  /// Where a service runs, and everything that is observed of it.
  case service(ServiceName)
  /// Where a service runs, with which ports and labels: nothing that changes from instance to
  /// instance.
  case offer(ServiceName)
  case address(ServiceName)
  /// Which routes say something about a service.
  case routes(ServiceName)
  /// Which settings are about a service.
  case serviceSettings(ServiceName)
  /// Which routes and gateways send requests to a service.
  case mentions(ServiceName)
  /// Which workspaces, or groups of a kind, might select a namespace.
  case ownership(Kind, namespace: String)
  case gateways(namespace: String)
  /// Whether a cluster has a service in a namespace.
  case population(NamespaceInCluster)
  case authorities
  /// Which clusters have somebody who may call services of a namespace, and which services.
  case reach(namespace: String)
  /// How the others reach a cluster: one fact for all of them, because what reads one reads all, and
  /// a fact for each pair of a thousand clusters would be a million.
  case paths(to: String)
  /// Whether it does.
  case connection(Connection)
  /// The port at which gateways take what is meant for a cluster.
  case port(String)
  /// The gateway proxies of a cluster: addresses, health and all.
  case proxies(String)
  /// Which kinds of east-west gateways a cluster has: namespaces and labels.
  case eastWest(String)
  /// Which networks there are.
  case networks
  /// What an object says about policies that are inherited.
  case policy(ResourceRef, PolicyAspect)
  /// Which security domain an object says that it is in.
  case securityDomain(ResourceRef)
  /// Which objects say that they are in a security domain.
  case domainMembers(SecurityDomain)
  /// Which gateway objects send a host's requests to services.
  case host(String)
}

struct Connection: Hashable {
  var from: String
  var to: String
}

struct NamespaceInCluster: Hashable {
  var cluster: String
  var namespace: String
}

/// What is computed as one: a pure function of the facts that it reads.
enum Unit: Hashable {
  case site(String)
  case trust
  case namespace(NamespaceInCluster)
  /// The workloads of a service that something else holds for than for their namespaces.
  case workloads(ServiceName)
  /// A service, in all clusters that need it: what they share is computed once.
  case service(ServiceName)
  case gateway(ResourceRef)
  /// A cluster as the others reach it.
  case peer(String)
  /// The setting of an organization or a workspace: what is to be said about it.
  case setting(ResourceRef)
}

extension Unit {
  /// Whether it says what workloads may call: which services a cluster needs depends on that.
  var decidesReach: Bool {
    switch self {
    case .namespace, .workloads: true
    case .site, .trust, .service, .gateway, .peer, .setting: false
    }
  }

  var isService: Bool { if case .service = self { true } else { false } }
}

/// Who calls: the workloads of a namespace in one cluster, or of one service of it.
struct CallerPlace: Hashable {
  var place: NamespaceInCluster
  /// nil: those of all services that nothing of their own is said of.
  var service: String?
}

/// A cluster whose object is there.
struct ResolvedCluster: Hashable {
  var resource: Resource
  var organization: String
  var network: String
  var trustDomain: String
  var region: String?
  var labels: [String: String]

  init?(_ resource: Resource) {
    guard case .cluster(let cluster) = resource.spec else { return nil }
    self.resource = resource
    organization = resource.ref.names[0]
    network = cluster.network.isEmpty ? resource.ref.name : cluster.network
    region = cluster.region
    labels = resource.labels.merging(cluster.labels) { _, own in own }
    trustDomain =
      cluster.trustDomain.isEmpty
      ? "\(resource.ref.name).\(organization).mesh" : cluster.trustDomain
  }
}
