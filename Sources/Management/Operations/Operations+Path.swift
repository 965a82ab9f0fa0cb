package import Access
package import struct Blueprints.GatewayAddress
package import Compiler
package import Model
import Publication

/// What the compiler says of the blueprints that are in force. Each runs where the compiler is.
package struct Explanations: Sendable {
  /// Between two clusters.
  package var path: @Sendable (_ from: String, _ to: String) -> PathExplanation
  /// Whether workloads of one service in a cluster may call another.
  package var reach:
    @Sendable (_ service: ServiceName, _ caller: ServiceName, _ cluster: String) -> ReachExplanation

  package init(
    path: @escaping @Sendable (String, String) -> PathExplanation,
    reach: @escaping @Sendable (ServiceName, ServiceName, String) -> ReachExplanation
  ) {
    self.path = path
    self.reach = reach
  }
}

/// One end of a path: a cluster, or a service in it.
package struct PathEnd: Hashable, Sendable {
  package var cluster: String?
  package var service: ServiceName?
}

/// One station of a path.
package struct PathHop: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    case workload, gateway, edge
  }

  package var kind: Kind
  package var cluster: String
  /// Of a workload: its service. Of the first gateway: the node ids of those that there are.
  package var names: [String]
  /// Where it is dialled, as far as that is between clusters.
  package var gateways: [GatewayAddress]
}

/// The way to one cluster that may answer.
package struct PathRoute: Hashable, Sendable {
  package var cluster: String
  package var path: PathExplanation.Path
  /// From the caller on; empty when there is no way.
  package var hops: [PathHop]
  package var reasons: [String]
}

package struct PathAnswer: Hashable, Sendable {
  package var from: PathEnd
  package var to: PathEnd
  /// Whether the calls are allowed and somebody is there to take them; nil between clusters.
  package var reach: ReachExplanation?
  /// Sorted by cluster; several when several clusters may answer.
  package var routes: [PathRoute]
}

extension Operations {
  /// How traffic gets from one place to another. Places are `east`, `web.storefront@east`,
  /// `orders.shop` (wherever it runs) or the node id of a proxy.
  package func path(
    _ principal: Principal, from: String, to: String
  ) throws -> PathAnswer {
    try authorize(principal, to: .readFleet, on: nil)
    let proxies = publication.proxies()
    var source = try end(from, among: proxies)
    if source.cluster == nil, let service = source.service {
      source.cluster = try cluster(of: service, among: proxies)
    }
    guard let start = source.cluster else { throw OperationError.missing(what: from) }
    let target = try end(to, among: proxies)
    var answer = PathAnswer(from: source, to: target, reach: nil, routes: [])
    var clusters = [target.cluster].compactMap { $0 }
    if let service = target.service, let caller = source.service {
      let reach = explanations.reach(service, caller, start)
      answer.reach = reach
      if target.cluster == nil { clusters = reach.clusters }
    } else if let service = target.service, target.cluster == nil {
      clusters = clustersWith(service, among: proxies)
    }
    answer.routes = clusters.sorted().map { cluster in
      route(from: source, start, to: target, cluster, proxies)
    }
    return answer
  }

  private typealias Proxies = [(cluster: String, proxy: ProxyState)]

  // MARK: What is meant

  private func end(_ text: String, among proxies: Proxies) throws -> PathEnd {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else {
      throw OperationError.malformed(
        "'\(text)' names no place: CLUSTER, SERVICE.NAMESPACE[@CLUSTER] or a node id is meant")
    }
    if parts.count == 1, publication.generations()[text] != nil { return PathEnd(cluster: text) }
    if let node = proxies.first(where: { $0.proxy.nodeID == parts[0] }) {
      return PathEnd(
        cluster: node.cluster,
        service: ServiceName(namespace: node.proxy.namespace, name: node.proxy.service))
    }
    let labels = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard labels.count == 2 || (labels.count == 3 && labels[2] == "mesh") else {
      throw OperationError.missing(what: "a cluster, service or proxy '\(text)'")
    }
    return PathEnd(
      cluster: parts.count == 2 ? parts[1] : nil,
      service: ServiceName(namespace: labels[1], name: labels[0]))
  }

  private func clustersWith(_ service: ServiceName, among proxies: Proxies) -> [String] {
    let found = proxies.filter {
      $0.proxy.namespace == service.namespace && $0.proxy.service == service.name
    }
    return Set(found.map(\.cluster)).sorted()
  }

  private func cluster(of service: ServiceName, among proxies: Proxies) throws -> String {
    let clusters = clustersWith(service, among: proxies)
    guard let first = clusters.first else {
      throw OperationError.missing(what: "a workload of \(service.host)")
    }
    guard clusters.count == 1 else {
      let all = clusters.map { "\(service.name).\(service.namespace)@\($0)" }
      throw OperationError.malformed(
        "\(service.host) runs in several clusters: say \(all.joined(separator: " or "))")
    }
    return first
  }

  // MARK: The way

  private func route(
    from source: PathEnd, _ start: String, to target: PathEnd, _ end: String, _ proxies: Proxies
  ) -> PathRoute {
    let explained = explanations.path(start, end)
    var route = PathRoute(
      cluster: end, path: explained.path, hops: [], reasons: explained.reasons)
    func workload(_ service: ServiceName?, _ cluster: String) -> [PathHop] {
      service.map { service in
        [
          PathHop(
            kind: .workload, cluster: cluster, names: ["\(service.name).\(service.namespace)"],
            gateways: [])
        ]
      } ?? []
    }
    let between: [PathHop]
    switch explained.path {
    case .none: return route
    case .within: between = []
    case .direct:
      between =
        own(start, proxies) + [
          PathHop(kind: .gateway, cluster: end, names: [], gateways: explained.gateways)
        ]
    case .edge(let edges):
      let last = Set(edges.flatMap { explanations.path($0, end).gateways }).sorted()
      between =
        own(start, proxies) + [
          PathHop(
            kind: .edge, cluster: edges.joined(separator: ","), names: [],
            gateways: explained.gateways),
          PathHop(kind: .gateway, cluster: end, names: [], gateways: last),
        ]
    }
    route.hops = workload(source.service, start) + between + workload(target.service, end)
    return route
  }

  /// The gateways that take what workloads of a cluster send to others; those of an edge cluster
  /// call others themselves.
  private func own(_ cluster: String, _ proxies: Proxies) -> [PathHop] {
    let gateways = proxies.filter { $0.cluster == cluster && $0.proxy.role == "east-west" }
    guard !gateways.isEmpty else { return [] }
    return [
      PathHop(
        kind: .gateway, cluster: cluster, names: gateways.map(\.proxy.nodeID), gateways: [])
    ]
  }
}
