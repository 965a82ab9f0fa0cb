import Documents
import Manifests
import Model

/// The description of the API (OpenAPI 3.1), from the tables that reading manifests uses.
enum OpenAPI {
  static let document: Document = [
    "openapi": "3.1.0",
    "info": [
      "title": "Rialto", "version": "2.0",
      "description": "Bridges meshes: who may call whom and how, for all sites at once.",
      "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
    ],
    "servers": [["url": "/"]],
    "paths": .object(fixedPaths.merging(objectPaths) { own, _ in own }),
    "components": [
      "schemas": .object(kindSchemas.merging(AnswerSchemas.all) { own, _ in own }),
      "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
      "responses": ["Problem": problemResponse],
    ],
    "security": [["token": []]],
  ]

  // MARK: Kinds

  /// `Kind.rawValue` with a capital, because three kinds share the name Group.
  static func key(of kind: Kind) -> String {
    kind.rawValue.prefix(1).uppercased() + kind.rawValue.dropFirst()
  }

  static func schema(_ name: String) -> Document {
    ["$ref": .string("#/components/schemas/\(name)")]
  }

  private static var kindSchemas: [String: Document] {
    Dictionary(
      uniqueKeysWithValues: Kind.allCases.map { kind in
        (key(of: kind), withOutput(Manifests.schema(of: kind)))
      })
  }

  /// A manifest with what only the server says; a client may send that back, and it is ignored.
  private static func withOutput(_ schema: Document) -> Document {
    var members = schema.object ?? [:]
    var properties = members["properties"]?.object ?? [:]
    var metadata = properties["metadata"]?.object ?? [:]
    metadata["properties"] = .object(
      (metadata["properties"]?.object ?? [:]).merging([
        "created": ["type": "integer", "readOnly": true],
        "createdAt": ["type": "string", "format": "date-time", "readOnly": true],
        "updatedAt": ["type": "string", "format": "date-time", "readOnly": true],
      ]) { own, _ in own })
    properties["metadata"] = .object(metadata)
    properties["status"] = ["allOf": [self.schema("Status")], "readOnly": true]
    members["properties"] = .object(properties)
    return .object(members)
  }

  private static var objectPaths: [String: Document] {
    var paths: [String: Document] = [:]
    for kind in Kind.allCases {
      for (path, item) in KindPaths(kind: kind).paths { paths[path] = item }
    }
    return paths
  }

  // MARK: Everything that belongs to no kind

  private static var fixedPaths: [String: Document] {
    [
      "/v2/apply": [
        "post": Operation(
          "apply", "Write many objects as one change, or none of them",
          query: [
            .dryRun, .text("file", "What the client calls the text, for messages."), .skipUnknown,
            Parameter(
              "revision", .integer(0...(1 << 53)),
              "The revision that the change was planned on; 412 when there is another."),
          ],
          body: [
            "application/json": ["type": "object"], "application/yaml": ["type": "string"],
          ], answer: schema("WriteResult"), refusals: Refusals.write, isRepeatable: true
        ).document
      ],
      "/v2/plan": [
        "post": Operation(
          "plan", "What writing many objects would change, object by object and proxy by proxy",
          query: [.text("file", "What the client calls the text, for messages."), .skipUnknown],
          body: [
            "application/json": ["type": "object"], "application/yaml": ["type": "string"],
          ], answer: schema("WriteResult"), refusals: Refusals.write
        ).document
      ],
      "/v2/changes": [
        "get": Operation(
          "listChanges", "What was changed, newest first",
          query: [
            .limit, .next, .text("object", "Only of this object and what is below it, by FQN."),
            .text("kind", "Only of objects of this kind."), .text("actor", "Only by this actor."),
            Parameter("since", .string("date-time"), "Only from this time on."),
          ], answer: list("Change")
        ).document
      ],
      "/v2/changes/{revision}": .object([
        "parameters": [Parameter.revision.document],
        "get": Operation(
          "getChange", "One change with its difference, and how far it has come",
          answer: schema("Change"), refusals: [404]
        ).document,
      ]),
      "/v2/changes/{revision}/rollback": .object([
        "parameters": [Parameter.revision.document],
        "post": Operation(
          "rollBack", "Make everything as it was at a revision, by a new change",
          query: [.dryRun, .text("object", "Only this object and what is below it, by FQN.")],
          answer: schema("WriteResult"), refusals: [404, 409, 422], isRepeatable: true
        ).document,
      ]),
      "/v2/lookup/service": [
        "get": Operation(
          "lookUpService", "Which objects configure a service",
          query: [
            .text(
              "service", "NAMESPACE/NAME, or the FQN of a service of the registry.",
              isRequired: true),
            .text("cluster", "Only in this cluster."),
          ], answer: schema("ServiceLookup")
        ).document
      ],
      "/v2/lookup/selector": [
        "get": Operation(
          "lookUpSelector", "What a selector of namespaces selects, and who else does",
          query: [.text("names", "Such as */shop,east/pay*.", isRequired: true)],
          answer: schema("SelectorLookup")
        ).document
      ],
      "/v2/agents": [
        "get": Operation(
          "listAgents", "The agents, and what their Envoys refuse", answer: schema("Agents")
        ).document
      ],
      "/v2/proxies": [
        "get": Operation(
          "listProxies", "The proxies, and what they have acknowledged",
          query: [.text("cluster", "Only of this cluster.")], answer: list("Proxy")
        ).document
      ],
      "/v2/workloads": [
        "get": Operation(
          "listWorkloads", "The workloads and gateways",
          query: [.text("cluster", "Only of this cluster.")], answer: list("Proxy")
        ).document
      ],
      "/v2/path": [
        "get": Operation(
          "getPath", "The way from one place to another, and why it is that one",
          query: [
            .text("from", "Where calls begin.", isRequired: true),
            .text("to", "Where they go.", isRequired: true),
          ], answer: schema("Path"), refusals: [404]
        ).document
      ],
      "/v2/proxies/{cluster}/{nodeID}/config": .object([
        "parameters": .list(["cluster", "nodeID"].map { Parameter.name($0).document }),
        "get": Operation(
          "getProxyConfiguration", "The configuration that the agent has made for a proxy",
          answer: ["type": "object"], refusals: [404, 502, 503]
        ).document,
      ]),
      "/v2/watch": [
        "get": Operation(
          "watch", "Server-sent events: changes, their propagation, agents and proxies",
          query: [.since], header: [.lastEventID], answer: ["type": "string"], refusals: [410],
          answerType: "text/event-stream"
        ).document
      ],
      "/livez": ["get": Operation.health("live", "Whether the process lives")],
      "/readyz": ["get": Operation.health("ready", "Whether it can be asked")],
      "/openapi.json": [
        "get": [
          "operationId": "describe", "summary": "This description", "security": [],
          "responses": [
            "200": [
              "description": "The description.",
              "content": ["application/json": ["schema": ["type": "object"]]],
            ]
          ],
        ]
      ],
    ]
  }

  static func list(_ name: String) -> Document {
    [
      "type": "object", "required": ["items"],
      "properties": [
        "items": ["type": "array", "items": schema(name)],
        "continue": ["type": "string", "description": "Where the next page begins."],
        "revision": ["type": "integer", "description": "What every page of the list shows."],
      ],
    ]
  }

  static let problemResponse: Document = [
    "description": "What is wrong (RFC 9457).",
    "content": ["application/problem+json": ["schema": schema("Problem")]],
  ]
}
