import ArgumentParser
import Documents
import ManagementClient
import Testing

@testable import rialto

@Suite struct `Get effective` {
  private static let shop = "organizations/acme/tenants/web/workspaces/shop"

  private func server() -> FakeServer {
    FakeServer { call in
      guard call.target == "/v2/\(Self.shop)?view=effective" else { return .missing }
      guard case .object(var members) = object(Self.shop, kind: "Workspace") else {
        return .missing
      }
      members["effective"] = [
        "securitySetting": ["authorization": ["mode": "WORKSPACE"]],
        "properties": [
          [
            "name": "authorization", "path": "authorization", "value": ["mode": "WORKSPACE"],
            "builtIn": false, "mandated": false, "stricter": true,
            "sources": [
              [
                "fqn": "organizations/acme/settings/s", "kind": "OrganizationSetting",
                "path": "spec.defaultSecuritySetting.authorization",
              ]
            ],
          ],
          [
            "name": "trafficMode", "path": "authenticationSettings.trafficMode",
            "value": "REQUIRED", "builtIn": false, "mandated": true, "stricter": false,
            "sources": [
              [
                "fqn": "organizations/acme/profiles/base", "kind": "Profile",
                "path": "spec.mandates.authenticationSettings.trafficMode",
                "attachedTo": "organizations/acme/tenants/web",
              ]
            ],
          ],
          [
            "name": "reachability", "path": "outbound.reachability",
            "value": ["mode": "WORKSPACE"], "builtIn": true, "mandated": false,
            "stricter": false, "sources": [],
          ],
        ],
      ]
      return .json(.object(members))
    }
  }

  private func words(_ arguments: [String]) async throws -> Words {
    let (session, words) = server().session(organization: "acme", tenant: "web")
    try await GetCommand.asyncParse(arguments).run(in: session)
    return words
  }

  @Test func `a table says what holds, who says it and whether it can be changed`() async throws {
    let words = try await words(["workspace", "shop", "--effective"])
    let rows = words.data.split(separator: "\n").map { row in
      row.split(separator: "  ", omittingEmptySubsequences: true).map { cell in
        String(cell.drop { $0 == " " })
      }
    }
    #expect(
      rows == [
        ["PROPERTY", "VALUE", "FROM", "HOW"],
        [
          "authorization", "mode: WORKSPACE", "organizationsetting/s",
          "set, only stricter below",
        ],
        [
          "authenticationSettings.trafficMode", "REQUIRED",
          "organizationprofile/base (attached to tenant/web)", "mandated",
        ],
        ["outbound.reachability", "mode: WORKSPACE", "-", "built in"],
      ])
  }

  @Test func `wide names the field and the whole path`() async throws {
    let words = try await words(["workspace", "shop", "--effective", "-o", "wide"])
    #expect(words.data.contains("organizations/acme/settings/s"))
    #expect(words.data.contains("spec.mandates.authenticationSettings.trafficMode"))
  }

  @Test func `programs get the whole document`() async throws {
    let path = "jsonpath={.effective.securitySetting.authorization.mode}"
    #expect(
      try await words(["workspace", "shop", "--effective", "-o", path]).data == "WORKSPACE\n")
    let yaml = try await words(["workspace", "shop", "--effective", "-o", "yaml"]).data
    #expect(yaml.contains("effective:\n  properties:\n"))
  }

  @Test(arguments: [["workspaces", "--effective"], ["workspace", "shop", "--effective", "-w"]])
  func `it is about one object, as it is now`(_ arguments: [String]) async throws {
    await #expect { try await words(arguments) } throws: { error in
      (error as? Failure)?.status == .usage
    }
  }

  @Test func `a kind that inherits nothing says everything itself`() async throws {
    let server = FakeServer { call in
      guard call.target == "/v2/organizations/acme/clusters/east?view=effective",
        case .object(var members) = object("organizations/acme/clusters/east", kind: "Cluster")
      else { return .missing }
      members["effective"] = [
        "properties": [
          [
            "name": "network", "path": "network", "value": "lan", "builtIn": false,
            "mandated": false, "stricter": false,
            "sources": [
              [
                "fqn": "organizations/acme/clusters/east", "kind": "Cluster",
                "path": "spec.network",
              ]
            ],
          ]
        ]
      ]
      return .json(.object(members))
    }
    let (session, words) = server.session(organization: "acme")
    try await GetCommand.asyncParse(["cluster", "east", "--effective"]).run(in: session)
    let row = words.data.split(separator: "\n").last?.split(separator: " ").map(String.init)
    #expect(row == ["network", "lan", "cluster/east", "set"])
  }
}
