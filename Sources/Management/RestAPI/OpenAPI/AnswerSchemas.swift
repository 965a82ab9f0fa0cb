import Documents

/// The schemas of what the server says that is no object of a kind.
enum AnswerSchemas {
  static var all: [String: Document] {
    [
      "Problem": problem, "Diagnostic": diagnostic, "WriteResult": writeResult, "Change": change,
      "Propagation": propagation, "ClusterPropagation": clusterPropagation,
      "Rejection": rejection, "Status": status, "Agents": agents, "Proxy": proxy,
      "JoinToken": joinToken, "Path": path, "ServiceLookup": serviceLookup,
      "SelectorLookup": selectorLookup, "EffectiveObject": effectiveObject,
      "EffectiveProperty": effectiveProperty,
    ]
  }

  // MARK: Words

  private static let text: Document = ["type": "string"]
  private static let number: Document = ["type": "integer"]
  private static let flag: Document = ["type": "boolean"]
  private static let time: Document = ["type": "string", "format": "date-time"]
  private static let anything: Document = ["type": ["object", "null"]]

  private static func list(_ element: Document) -> Document { ["type": "array", "items": element] }

  /// - Parameter optional: members that need not be there.
  private static func object(
    _ members: [String: Document], optional: [String: Document] = [:]
  ) -> Document {
    [
      "type": "object", "required": .list(members.keys.sorted().map(Document.string)),
      "properties": .object(members.merging(optional) { own, _ in own }),
    ]
  }

  private static let states: Document = [
    "enum": ["ACCEPTED", "READY", "PARTIAL", "FAILED", "DIRTY"]
  ]

  // MARK: Schemas

  private static let diagnostic = object(
    [
      "severity": ["enum": ["error", "warning"]], "code": text, "pointer": text, "detail": text,
    ],
    optional: [
      "path": text, "subject": text, "file": text, "line": number, "column": number,
    ])

  private static let problem = object(
    [
      "type": text, "title": text, "status": number, "detail": text, "instance": text,
      "code": ["type": "string", "pattern": "^RL[0-9]{4}$"],
    ], optional: ["errors": list(OpenAPI.schema("Diagnostic")), "traceId": text])

  private static let writeResult = object(
    [
      "revision": number, "dryRun": flag, "changed": flag,
      "results": list(
        object(
          [
            "fqn": text, "kind": text, "name": text,
            "action": ["enum": ["created", "updated", "unchanged", "deleted"]],
          ],
          optional: [
            "revision": number, "before": anything, "after": anything, "diff": difference,
          ])),
      "warnings": list(OpenAPI.schema("Diagnostic")),
    ], optional: ["base": number, "plan": plan])

  private static let effectiveObject = object(
    [
      "apiVersion": text, "kind": text, "metadata": ["type": "object"],
      "effective": object(
        effectivePolicy.required,
        optional: effectivePolicy.optional.merging([
          "subsets": list(
            object(
              effectivePolicy.required.merging(["name": text]) { own, _ in own },
              optional: effectivePolicy.optional))
        ]) { own, _ in own }),
    ], optional: ["spec": ["type": "object"]])

  /// The settings as the kinds of their names have them.
  private static let effectivePolicy: (required: [String: Document], optional: [String: Document]) =
    (
      ["properties": list(OpenAPI.schema("EffectiveProperty"))],
      ["securitySetting": ["type": "object"], "trafficSetting": ["type": "object"]]
    )

  private static let effectiveProperty = object(
    [
      "name": text, "path": text, "builtIn": flag, "mandated": flag, "stricter": flag,
      "sources": list(
        object(
          ["fqn": text, "kind": text, "path": text],
          optional: ["attachedTo": text, "notYetEffective": list(text)])),
    ], optional: ["value": true])

  private static let difference = list(
    object(
      ["op": ["enum": ["add", "remove", "replace"]], "path": text],
      optional: ["before": true, "value": true]))

  private static let action: Document = ["enum": ["add", "change", "remove"]]

  private static let plan = object([
    "proxies": number, "problems": list(OpenAPI.schema("Diagnostic")),
    "clusters": list(
      object(
        [
          "cluster": text, "proxies": number,
          "items": list(
            object(["item": text, "action": action, "objects": list(text), "diff": difference])),
          "groups": list(
            object([
              "nodeIDs": list(text),
              "resources": list(
                object(["type": text, "name": text, "action": action, "diff": difference])),
            ])),
        ], optional: ["leftOut": text])),
  ])

  private static let change = object(
    [
      "revision": number, "committedAt": time, "actor": text,
      "objects": list(
        object(
          ["fqn": text, "kind": text, "action": ["enum": ["created", "updated", "deleted"]]],
          optional: [
            "before": anything, "after": anything,
            "diff": difference,
          ])),
    ], optional: ["propagation": OpenAPI.schema("Propagation")])

  private static let propagation = object(
    [
      "revision": number, "isCompiled": flag, "isComplete": flag,
      "clusters": list(OpenAPI.schema("ClusterPropagation")),
    ], optional: ["compiledAfterMicroseconds": number])

  private static let clusterPropagation = object(
    [
      "cluster": text, "connected": flag, "generation": number,
      "state": ["enum": ["pending", "delivering", "complete"]], "told": number,
      "acknowledged": number, "rejected": number,
      "rejections": list(OpenAPI.schema("Rejection")), "stages": ["type": "object"],
    ],
    optional: [
      "proxies": list(
        object([
          "nodeID": text, "namespace": text, "service": text,
          "state": ["enum": ["acknowledged", "rejected", "waiting", "away"]],
          "toldGeneration": number, "acknowledgedGeneration": number,
        ]))
    ])

  private static let rejection = object([
    "cluster": text, "item": text, "reason": text, "nodeIDs": list(text), "resourceType": text,
    "resourceName": text,
  ])

  private static let status = object(
    [
      "fqn": text, "revision": number, "committedAt": time, "state": states,
      "clusters": list(OpenAPI.schema("ClusterPropagation")),
      "problems": list(OpenAPI.schema("Diagnostic")),
      "notYetEffective": list(text),
    ],
    optional: [
      "events": list(
        object(
          ["type": text, "at": time, "afterMicroseconds": number],
          optional: ["cluster": text, "message": text])),
      "aggregated": object([
        "state": states, "counts": ["type": "object", "additionalProperties": number],
        "children": list(object(["fqn": text, "state": states], optional: ["message": text])),
      ]),
    ])

  private static let agents = object([
    "items": list(
      object([
        "cluster": text, "connected": flag, "version": text, "generation": number,
        "acknowledgedGeneration": number, "since": ["type": ["string", "null"]],
        "proxies": number, "connectedProxies": number, "gateways": number,
        "healthyGateways": number,
      ])), "rejections": list(OpenAPI.schema("Rejection")),
  ])

  private static let proxy = object([
    "cluster": text, "nodeID": text, "role": text, "namespace": text, "service": text,
    "serviceAccount": text, "labels": ["type": "object", "additionalProperties": text],
    "version": text, "envoyVersion": text, "connected": flag, "healthy": flag,
    "acknowledgedGeneration": number, "toldGeneration": number, "inSync": flag,
    "lastChange": time, "platform": text, "hostName": text, "kind": text,
  ])

  private static let joinToken = object(
    ["cluster": text],
    optional: ["token": text, "expiresAt": time, "command": text, "dryRun": flag])

  private static let path = object(
    ["from": ["type": "object"], "to": ["type": "object"], "routes": list(["type": "object"])],
    optional: ["reach": ["type": "object"]])

  private static let serviceLookup = object([
    "service": text, "clusters": list(text),
    "items": list(object(["fqn": text, "kind": text, "clusters": list(text)])),
  ])

  private static let selectorLookup = object([
    "items": list(
      object([
        "cluster": text, "namespace": text, "services": list(text), "owners": list(text),
      ])), "overlaps": list(text),
  ])
}
