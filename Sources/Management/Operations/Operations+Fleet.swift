package import Access
import Model
package import Publication
import Storage

extension Operations {
  /// Whether the principal may see sites and proxies; throws when not.
  package func checkFleet(_ principal: Principal) throws {
    try authorize(principal, to: .readFleet, on: nil)
  }

  package func agents(_ principal: Principal) throws -> [AgentState] {
    try authorize(principal, to: .readFleet, on: nil)
    return publication.agents()
  }

  package func proxies(
    _ principal: Principal
  ) throws -> [(cluster: String, proxy: ProxyState)] {
    try authorize(principal, to: .readFleet, on: nil)
    return publication.proxies()
  }

  package func rejections(
    _ principal: Principal
  ) throws -> [(cluster: String, rejection: ItemRejection)] {
    try authorize(principal, to: .readFleet, on: nil)
    return publication.rejections()
  }

  /// The configuration that an agent has made for one of its proxies, as JSON.
  package func proxyConfiguration(
    _ principal: Principal, cluster: String, nodeID: String
  ) async throws -> [UInt8] {
    try authorize(principal, to: .readFleet, on: nil)
    let isKnown = publication.proxies().contains {
      $0.cluster == cluster && $0.proxy.nodeID == nodeID
    }
    guard isKnown else { throw OperationError.missing(what: "proxy \(cluster)/\(nodeID)") }
    do { return try await publication.inspect(cluster: cluster, nodeID: nodeID) } catch {
      throw Self.operationError(error)
    }
  }

  static func operationError(_ error: any Error) -> any Error {
    guard let error = error as? AgentRequestError else { return error }
    return switch error {
    case .notConnected(let cluster): OperationError.agentAway(cluster: cluster)
    case .busy(let cluster): OperationError.busy("the agent of \(cluster) has too much to answer")
    case .refused(let reason): OperationError.agentRefused(reason)
    }
  }
}
