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
  /// Where a service runs, and what is observed of it.
  case service(ServiceName)
  case address(ServiceName)
  /// Which routes say something about a service.
  case routes(ServiceName)
  /// Which routes and gateways send requests to a service.
  case mentions(ServiceName)
  /// Which workspaces, or groups of a kind, might select a namespace.
  case ownership(Kind, namespace: String)
  case gateways(namespace: String)
  /// Whether a cluster has a service in a namespace.
  case population(NamespaceInCluster)
  case authorities
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
  /// A service, in all clusters that need it: what they share is computed once.
  case service(ServiceName)
  case gateway(ResourceRef)
}

/// A cluster whose object is there.
struct ResolvedCluster: Hashable {
  var resource: Resource
  var organization: String
  var network: String
  var trustDomain: String

  init?(_ resource: Resource) {
    guard case .cluster(let cluster) = resource.spec else { return nil }
    self.resource = resource
    organization = resource.ref.names[0]
    network = cluster.network
    trustDomain =
      cluster.trustDomain.isEmpty
      ? "\(resource.ref.name).\(organization).mesh" : cluster.trustDomain
  }
}
