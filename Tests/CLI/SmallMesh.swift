import Documents
import ManagementClient

@testable import rialto

private let route =
  "organizations/acme/tenants/web/workspaces/shop/trafficgroups/all/serviceroutes/orders"

/// One of everything on the way to one route.
func mesh(_ more: [String: Document] = [:]) -> FakeServer {
  FakeServer { call in
    let path = call.target.split(separator: "?").first.map(String.init) ?? ""
    if let document = more[path] { return .json(document) }
    if let nothing = ServerAnswer.noOnlyObject(at: path) { return nothing }
    let items: [Document] =
      switch path {
      case "/v2/organizations": [object("organizations/acme", kind: "Organization")]
      case "/v2/organizations/acme/tenants":
        [object("organizations/acme/tenants/web", kind: "Tenant")]
      case "/v2/organizations/acme/tenants/web/workspaces":
        [object("organizations/acme/tenants/web/workspaces/shop", kind: "Workspace")]
      case "/v2/organizations/acme/tenants/web/workspaces/shop/trafficgroups":
        [
          object(
            "organizations/acme/tenants/web/workspaces/shop/trafficgroups/all", kind: "Group")
        ]
      case "/v2/organizations/acme/tenants/web/workspaces/shop/trafficgroups/all/serviceroutes":
        [object(route, kind: "ServiceRoute")]
      default: []
      }
    return .json(["items": .list(items)])
  }
}
