import Documents
import Foundation
import Logging
import ManagementClient
import Model

/// The real processes of a mesh on loopback, without any right that root has: a server, and sites
/// with an agent, instances of a service, and, as the plan says, a gateway and a caller.
struct Testbed: Sendable {
  static let serverAddress = "127.0.1.1"
  static let organization = "bench"
  static let namespace = "bench"
  /// Where instances serve; the listeners of a caller have ports of their own.
  static let servicePort = 8080
  /// The service that every site has instances of.
  static let echo = "echo"

  let folder: String
  let children: Children
  let client: ManagementClient
  let logger: Logger
  var sites: [String: Site] = [:]

  static func host(_ service: String) -> String { "\(service).\(namespace).mesh" }

  /// The site of a plan that was started.
  func site(_ name: String) -> Site {
    guard let site = sites[name] else { preconditionFailure("no plan has a site \(name)") }
    return site
  }

  // MARK: What operators write

  private static func named(_ name: String, _ parents: [String: Document]) -> Document {
    var metadata = parents
    metadata["organization"] = .string(organization)
    metadata["name"] = .string(name)
    return .object(metadata)
  }

  private static let selector: Document = [
    "namespaceSelector": ["names": [.string("*/" + namespace)]]
  ]

  /// One workspace has everything, and every site may call what the others have.
  static func manifests(for plans: [SitePlan]) -> [Document] {
    let clusters = plans.map { plan -> Document in
      [
        "apiVersion": "api.rialto.mesh/v2", "kind": "Cluster", "metadata": named(plan.name, [:]),
        "spec": ["network": .string(plan.name)],
      ]
    }
    let tenancy: [Document] = [
      [
        "apiVersion": "api.rialto.mesh/v2", "kind": "Tenant", "metadata": named("bench", [:]),
        "spec": [:],
      ],
      [
        "apiVersion": "api.rialto.mesh/v2", "kind": "Workspace",
        "metadata": named("bench", ["tenant": "bench"]), "spec": selector,
      ],
      [
        "apiVersion": "traffic.rialto.mesh/v2", "kind": "Group",
        "metadata": named("traffic", ["tenant": "bench", "workspace": "bench"]), "spec": selector,
      ],
    ]
    guard plans.contains(where: { $0.gateway != nil }) else { return clusters + tenancy }
    let exposure: Document = [
      "apiVersion": "api.rialto.mesh/v2", "kind": "WorkspaceSetting",
      "metadata": named("defaults", ["tenant": "bench", "workspace": "bench"]),
      "spec": [
        "defaultEastWestGatewaySettings": [
          [
            "workloadSelector": [
              "namespace": .string(namespace), "labels": ["app": "east-west"],
            ]
          ]
        ]
      ],
    ]
    return clusters + tenancy + [exposure]
  }

  static let routeRef = ResourceRef(
    .serviceRoute, [organization, "bench", "bench", "traffic", echo])

  /// All requests go to one of these versions.
  static func route(to version: String, of versions: [String]) -> Document {
    let subsets = versions.map { candidate -> Document in
      [
        "name": .string(candidate), "labels": ["version": .string(candidate)],
        "weight": .integer(candidate == version ? 100 : 0),
      ]
    }
    return [
      "apiVersion": "traffic.rialto.mesh/v2", "kind": "ServiceRoute",
      "metadata": named(
        echo, ["tenant": "bench", "workspace": "bench", "group": "traffic"]),
      "spec": [
        "service": .string("\(namespace)/\(host(echo))"), "subsets": .list(subsets),
      ],
    ]
  }
}
