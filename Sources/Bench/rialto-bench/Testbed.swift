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

  static func object(
    _ kind: String, _ name: String, in parents: [String: Document] = [:], group: String = "api",
    _ spec: Document = [:]
  ) -> Document {
    var metadata = parents
    metadata["organization"] = .string(organization)
    metadata["name"] = .string(name)
    return [
      "apiVersion": .string("\(group).rialto.mesh/v2"), "kind": .string(kind),
      "metadata": .object(metadata), "spec": spec,
    ]
  }

  /// A workspace that owns a namespace, with a traffic group, and with all of its services for other
  /// clusters to call.
  static func workspace(_ name: String, owning namespace: String) -> [Document] {
    let selector: Document = ["namespaceSelector": ["names": [.string("*/" + namespace)]]]
    let parents: [String: Document] = ["tenant": "bench", "workspace": .string(name)]
    return [
      object("Workspace", name, in: ["tenant": "bench"], selector),
      object("Group", "traffic", in: parents, group: "traffic", selector),
      object(
        "WorkspaceSetting", "defaults", in: parents,
        [
          "defaultEastWestGatewaySettings": [
            [
              "workloadSelector": [
                "namespace": .string(Self.namespace), "labels": ["app": "east-west"],
              ]
            ]
          ]
        ]),
    ]
  }

  static func cluster(_ name: String, network: String) -> Document {
    object("Cluster", name, ["network": .string(network)])
  }

  static let tenant = object("Tenant", "bench")

  /// One workspace has everything, and every site may call what the others have.
  static func manifests(for plans: [SitePlan]) -> [Document] {
    plans.map { cluster($0.name, network: $0.name) } + [tenant]
      + workspace("bench", owning: namespace)
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
    return object(
      "ServiceRoute", echo, in: ["tenant": "bench", "workspace": "bench", "group": "traffic"],
      group: "traffic",
      [
        "service": .string("\(namespace)/\(host(echo))"), "subsets": .list(subsets),
      ])
  }
}
