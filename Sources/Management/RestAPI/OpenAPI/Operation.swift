import Documents

/// The statuses with which requests are refused.
enum Refusals {
  /// Whatever is asked.
  static let always = [400, 401, 403, 405, 406, 414, 421, 429, 431, 500, 503]
  static let write = [404, 408, 409, 412, 413, 415, 422, 428]
}

/// A parameter of an operation.
struct Parameter {
  enum Kind {
    case string(String?)
    case boolean
    case integer(ClosedRange<Int64>)
    case choice([String])
    case pattern(String)
  }

  var name: String
  var kind: Kind
  var description: String
  var place = "query"
  var isRequired = false

  init(
    _ name: String, _ kind: Kind, _ description: String, in place: String = "query",
    isRequired: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.description = description
    self.place = place
    self.isRequired = isRequired
  }

  static func text(_ name: String, _ description: String, isRequired: Bool = false) -> Parameter {
    Parameter(name, .string(nil), description, isRequired: isRequired)
  }

  static func name(_ name: String) -> Parameter {
    Parameter(
      name, .pattern("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"), "A name.", in: "path",
      isRequired: true)
  }

  static func fullServiceName(_ name: String) -> Parameter {
    Parameter(
      name, .pattern("^[a-z0-9-]+\\.[a-z0-9-]+$"), "A service and its namespace: orders.shop.",
      in: "path", isRequired: true)
  }

  static let revision = Parameter(
    "revision", .integer(1...(1 << 53)), "The number of a change.", in: "path", isRequired: true)
  static let dryRun = Parameter(
    "dryRun", .boolean, "Do everything but store it, and say what would be changed.")
  static let skipUnknown = Parameter(
    "skipUnknown", .boolean,
    "Leave out objects of other APIs (Kubernetes, Istio, install), each listed in warnings as RL1070."
  )
  static let limit = Parameter("limit", .integer(1...500), "How many at most.")
  static let next = Parameter.text("continue", "Where the page begins, as the one before said.")
  static let since = Parameter(
    "revision", .integer(0...(1 << 53)), "Go on after this change; 410 when that is too long ago.")
  static let ifMatch = Parameter(
    "If-Match", .string(nil),
    "The ETag that was read, in quotes; 412 when the object has moved on.",
    in: "header")
  static let ifNoneMatch = Parameter(
    "If-None-Match", .string(nil), "On a read: 304 for this ETag. On a write, *: create only.",
    in: "header")
  static let idempotencyKey = Parameter(
    "Idempotency-Key", .pattern("^[!-~]{1,255}$"),
    "A request sent again within 24 hours under one key is not done again.", in: "header")
  static let lastEventID = Parameter(
    "Last-Event-ID", .string(nil), "Go on after this change.", in: "header")

  var document: Document {
    let schema: Document =
      switch kind {
      case .string(nil): ["type": "string"]
      case .string(let format?): ["type": "string", "format": .string(format)]
      case .boolean: ["type": "boolean"]
      case .integer(let range):
        [
          "type": "integer", "minimum": .integer(range.lowerBound),
          "maximum": .integer(range.upperBound),
        ]
      case .choice(let words): ["enum": .list(words.map(Document.string))]
      case .pattern(let pattern): ["type": "string", "pattern": .string(pattern)]
      }
    return [
      "name": .string(name), "in": .string(place), "required": .bool(isRequired),
      "description": .string(description), "schema": schema,
    ]
  }
}

/// One method of a path.
struct Operation {
  var id: String
  var summary: String
  var query: [Parameter] = []
  var header: [Parameter] = []
  /// By media type.
  var body: [String: Document] = [:]
  var answer: Document
  var refusals: [Int] = []
  var answerType = "application/json"
  /// Whether it may create something.
  var creates = false
  var isRepeatable = false
  var links: [String: Document] = [:]

  init(
    _ id: String, _ summary: String, query: [Parameter] = [], header: [Parameter] = [],
    body: [String: Document] = [:], answer: Document, refusals: [Int] = [],
    answerType: String = "application/json", isRepeatable: Bool = false
  ) {
    self.id = id
    self.summary = summary
    self.query = query
    self.header = header
    self.body = body
    self.answer = answer
    self.refusals = refusals
    self.answerType = answerType
    self.isRepeatable = isRepeatable
  }

  var document: Document {
    let parameters = query + header + (isRepeatable ? [.idempotencyKey] : [])
    var members: [String: Document] = [
      "operationId": .string(id), "summary": .string(summary), "responses": .object(responses),
    ]
    if !parameters.isEmpty { members["parameters"] = .list(parameters.map(\.document)) }
    if !body.isEmpty {
      members["requestBody"] = [
        "required": true, "content": .object(body.mapValues { ["schema": $0] }),
      ]
    }
    return .object(members)
  }

  private var responses: [String: Document] {
    var done: [String: Document] = [
      "description": "Done.", "headers": .object(Self.headers),
      "content": .object([answerType: ["schema": answer]]),
    ]
    if !links.isEmpty { done["links"] = .object(links) }
    var responses: [String: Document] = ["200": .object(done)]
    if creates {
      done["description"] = "Created."
      responses["201"] = .object(done)
    }
    for status in Refusals.always + refusals {
      responses[String(status)] =
        status == 304
        ? ["description": "The client has it."] : ["$ref": "#/components/responses/Problem"]
    }
    return responses
  }

  private static let headers: [String: Document] = [
    "ETag": [
      "schema": ["type": "string"], "description": "The revision of the object, in quotes.",
    ],
    "Location": ["schema": ["type": "string"], "description": "The path of what was created."],
    "traceresponse": [
      "schema": ["type": "string"], "description": "The trace that the request belongs to.",
    ],
  ]

  static func health(_ id: String, _ summary: String) -> Document {
    let answer: Document = [
      "description": "The verdict.",
      "content": [
        "application/json": [
          "schema": [
            "type": "object", "required": ["status"],
            "properties": ["status": ["enum": ["ok", "unavailable"]]],
          ]
        ]
      ],
    ]
    return [
      "operationId": .string(id), "summary": .string(summary), "security": [],
      "responses": ["200": answer, "503": answer],
    ]
  }
}
