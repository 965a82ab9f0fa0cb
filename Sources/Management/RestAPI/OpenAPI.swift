import Documents
import Manifests
import Model

/// The description of the API, from the tables that reading manifests uses.
enum OpenAPI {
  static let document: Document = [
    "openapi": "3.1.0",
    "info": ["title": "Rialto", "version": "2"],
    "paths": .object(paths),
    "components": [
      "schemas": .object(schemas),
      "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
      "responses": [
        "Problem": [
          "description": "What is wrong (RFC 9457).",
          "content": ["application/problem+json": ["schema": ["type": "object"]]],
        ]
      ],
    ],
    "security": [["token": []]],
  ]

  private static var schemas: [String: Document] {
    Dictionary(uniqueKeysWithValues: Kind.allCases.map { (key(of: $0), Manifests.schema(of: $0)) })
  }

  /// `Kind.rawValue` with a capital, because three kinds share the name Group.
  private static func key(of kind: Kind) -> String {
    kind.rawValue.prefix(1).uppercased() + kind.rawValue.dropFirst()
  }

  private static var paths: [String: Document] {
    var paths: [String: Document] = [
      "/v2/apply": ["post": operation("Write many objects as one change", body: anything)],
      "/v2/changes": ["get": operation("The last changes, newest first")],
      "/v2/changes/{revision}": .object([
        "parameters": .list([parameter("revision")]),
        "get": operation("One change with its difference and how far it has come"),
      ]),
      "/v2/agents": ["get": operation("The agents and what their Envoys refuse")],
      "/v2/proxies": ["get": operation("The proxies")],
      "/v2/workloads": ["get": operation("The workloads and gateways")],
      "/v2/path": .object([
        "parameters": .list([query("from"), query("to")]),
        "get": operation("The way from one place to another, and why it is that one"),
      ]),
      "/v2/proxies/{cluster}/{nodeID}/config": .object([
        "parameters": .list([parameter("cluster"), parameter("nodeID")]),
        "get": operation("The configuration that the agent has made for a proxy"),
      ]),
      "/v2/watch": ["get": operation("Server-sent events")],
    ]
    for kind in Kind.allCases {
      let parents = kind.ancestry.dropLast()
      let above = "/v2" + parents.map { "/\($0.collection)/{\($0.rawValue)}" }.joined()
      let collection = "\(above)/\(kind.collection)"
      let item = "\(collection)/{\(kind.rawValue)}"
      let schema: Document = ["$ref": .string("#/components/schemas/\(key(of: kind))")]
      let outer = parents.map { parameter($0.rawValue) }
      let inner = outer + [parameter(kind.rawValue)]
      paths[collection] = .object([
        "parameters": .list(outer), "get": operation("List: \(kind.summary)"),
        "post": operation("Create: \(kind.summary)", body: schema),
      ])
      paths[item] = .object([
        "parameters": .list(inner), "get": operation("Read: \(kind.summary)"),
        "put": operation("Create or replace: \(kind.summary)", body: schema),
        "patch": operation("Change some fields: \(kind.summary)", body: anything),
        "delete": operation("Delete: \(kind.summary)"),
      ])
      paths["\(item)/status"] = .object([
        "parameters": .list(inner), "get": operation("How far it has come: \(kind.summary)"),
      ])
      if kind == .cluster {
        paths["\(item)/tokens"] = .object([
          "parameters": .list(inner), "post": operation("A token with which its agent joins"),
        ])
      }
    }
    return paths
  }

  private static let anything: Document = ["type": "object"]

  private static func query(_ name: String) -> Document {
    ["name": .string(name), "in": "query", "required": true, "schema": ["type": "string"]]
  }

  private static func parameter(_ name: String) -> Document {
    ["name": .string(name), "in": "path", "required": true, "schema": ["type": "string"]]
  }

  private static func operation(_ summary: String, body: Document? = nil) -> Document {
    var members: [String: Document] = [
      "summary": .string(summary),
      "responses": [
        "2XX": ["description": "Done.", "content": ["application/json": ["schema": anything]]],
        "default": ["$ref": "#/components/responses/Problem"],
      ],
    ]
    if let body {
      members["requestBody"] = [
        "required": true, "content": ["application/json": ["schema": body]],
      ]
    }
    return .object(members)
  }
}
