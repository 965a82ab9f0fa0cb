import AgentStore
import ClusterAgent
import Documents
import ProxySupervisor

/// What a site of a testbed consists of.
struct SitePlan: Sendable {
  var name: String
  /// The site's addresses are 127.0.NUMBER.x; 1 is the server's.
  var number: Int
  /// The role of its gateway; it has none without one.
  var gateway: String?
  /// Its instances of the service, by what they answer, which is their version, too.
  var instances: [String] = []
  /// The listeners of its caller; it has none without one.
  var upstreams: [Upstream] = []

  /// A listener for one service.
  struct Upstream: Sendable {
    var service: String
    var port: Int
  }

  var agentAddress: String { "127.0.\(number).2" }
  var gatewayAddress: String { "127.0.\(number).3" }
  var callerAddress: String { "127.0.\(number).10" }

  func instanceAddress(_ index: Int) -> String { "127.0.\(number).\(11 + index)" }

  /// Where its caller reaches a service.
  func url(_ upstream: Upstream) -> String { "http://\(callerAddress):\(upstream.port)/" }

  /// The names of its processes, and of their folders, begin with this.
  var prefix: String { name + "-" }
}

/// A site of a testbed that runs.
struct Site: Sendable {
  let plan: SitePlan
  let socket: AdministrationSocket
  let agent: AgentAddress

  func grant(
    _ service: String, account: String, role: String = "sidecar", labels: [String: String] = [:],
    namespace: String = Testbed.namespace
  ) -> WorkloadGrant {
    WorkloadGrant(
      namespace: namespace, service: service, serviceAccount: account, role: role,
      labels: labels)
  }

  /// Somebody who can register a further instance, lent the identity that all instances have.
  func registrar(of service: String, in testbed: Testbed) async throws -> Registrar {
    try await Registrar.join(
      agent, socket: socket, grant: grant(service, account: Testbed.echo), logger: testbed.logger)
  }
}
