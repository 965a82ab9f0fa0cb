import AgentStore
import ClusterAgent
import Documents
import Foundation
import Logging
import ManagementClient
import Model
import ProxySupervisor

/// The real processes of one small site on loopback, without any right that root has: a server, an
/// agent, two instances of a service and a caller with explicit listeners.
struct Site: Sendable {
  enum Address {
    static let server = "127.0.1.1"
    static let agent = "127.0.1.2"
    static let caller = "127.0.1.10"
    static let instances = ["127.0.1.11", "127.0.1.12"]
  }

  static let organization = "bench"
  static let namespace = "bench"
  /// Where instances serve; the listeners of the caller have ports of their own.
  static let servicePort = 8080

  let folder: String
  let children: Children
  let socket: AdministrationSocket
  let agent: AgentAddress
  let client: ManagementClient
  let logger: Logger

  /// What the two instances of the service answer, and their labels.
  static let versions = ["v1", "v2"]
  static let echo = "echo"

  static func host(_ service: String) -> String { "\(service).\(namespace).mesh" }

  /// A listener of the caller for one service.
  struct Upstream: Sendable {
    var service: String
    var port: Int

    var option: String {
      "\(Site.host(service)):\(Site.servicePort)=\(Address.caller):\(port)"
    }
    var url: String { "http://\(Address.caller):\(port)/" }
  }

  func grant(_ service: String, account: String, version: String? = nil) -> WorkloadGrant {
    WorkloadGrant(
      namespace: Self.namespace, service: service, serviceAccount: account, role: "sidecar",
      labels: version.map { ["version": $0] } ?? [:])
  }

  // MARK: What operators write

  static let tenancy: [Document] = [
    [
      "apiVersion": "api.rialto.mesh/v2", "kind": "Cluster",
      "metadata": ["organization": .string(organization), "name": "site"], "spec": [:],
    ],
    [
      "apiVersion": "api.rialto.mesh/v2", "kind": "Tenant",
      "metadata": ["organization": .string(organization), "name": "bench"], "spec": [:],
    ],
    [
      "apiVersion": "api.rialto.mesh/v2", "kind": "Workspace",
      "metadata": [
        "organization": .string(organization), "tenant": "bench", "name": "bench",
      ],
      "spec": ["namespaceSelector": ["names": [.string("*/" + namespace)]]],
    ],
    [
      "apiVersion": "traffic.rialto.mesh/v2", "kind": "Group",
      "metadata": [
        "organization": .string(organization), "tenant": "bench", "workspace": "bench",
        "name": "traffic",
      ],
      "spec": ["namespaceSelector": ["names": [.string("*/" + namespace)]]],
    ],
  ]

  static let routeRef = ResourceRef(
    .serviceRoute, [organization, "bench", "bench", "traffic", echo])

  /// All requests go to one of the versions.
  static func route(to version: String) -> Document {
    let subsets = versions.map { candidate -> Document in
      [
        "name": .string(candidate), "labels": ["version": .string(candidate)],
        "weight": .integer(candidate == version ? 100 : 0),
      ]
    }
    return [
      "apiVersion": "traffic.rialto.mesh/v2", "kind": "ServiceRoute",
      "metadata": [
        "organization": .string(organization), "tenant": "bench", "workspace": "bench",
        "group": "traffic", "name": .string(echo),
      ],
      "spec": [
        "service": .string("\(namespace)/\(host(echo))"), "subsets": .list(subsets),
      ],
    ]
  }
}
