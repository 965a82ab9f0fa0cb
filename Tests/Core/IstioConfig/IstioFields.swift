import Documents
import IstioConfig

/// The fields of Istio's objects, as far as we write them, with what they hold: a field that is not
/// here is one that Istio's API server would drop.
enum IstioFields {
  indirect enum Shape: Sendable {
    case text, number
    case word([String])
    /// Seconds, with or without a fraction.
    case duration
    case texts
    case list(Shape)
    case map
    case mapOf(Shape)
    case object([String: Shape], required: [String] = [])
    /// One of the fields.
    case choice([String: Shape])
  }

  static func problems(of object: IstioObject) -> [String] {
    var problems: [String] = []
    check(.object(object.spec), shapes[object.name.kind] ?? .text, at: "\(object.name)", &problems)
    return problems
  }

  private static func check(
    _ value: Document, _ shape: Shape, at path: String, _ problems: inout [String]
  ) {
    switch (shape, value) {
    case (.text, .string), (.number, .integer): break
    case (.word(let words), .string(let word)):
      if !words.contains(word) { problems.append("\(path): \(word)") }
    case (.duration, .string(let text)):
      let digits = text.dropLast()
      if text.last != "s" || digits.contains(where: { !$0.isNumber && $0 != "." })
        || !digits.contains(where: { $0 != "0" && $0 != "." })
      {
        problems.append("\(path): \(text) is no duration")
      }
    case (.texts, .list(let elements)):
      for element in elements where element.string == nil { problems.append("\(path): no text") }
    case (.map, .object(let members)):
      for (key, member) in members where member.string == nil {
        problems.append("\(path).\(key): no text")
      }
    case (.mapOf(let shape), .object(let members)):
      for (key, member) in members { check(member, shape, at: "\(path).\(key)", &problems) }
    case (.list(let shape), .list(let elements)):
      for (index, element) in elements.enumerated() {
        check(element, shape, at: "\(path)[\(index)]", &problems)
      }
    case (.object(let fields, let required), .object(let members)):
      for (key, member) in members {
        guard let field = fields[key] else {
          problems.append("\(path).\(key): unknown")
          continue
        }
        check(member, field, at: "\(path).\(key)", &problems)
      }
      for key in required where members[key] == nil { problems.append("\(path).\(key): missing") }
    case (.choice(let fields), .object(let members)):
      if members.count != 1 { problems.append("\(path): not one of \(fields.keys.sorted())") }
      check(value, .object(fields), at: path, &problems)
    default: problems.append("\(path): \(value.kindName)")
    }
  }

  // MARK: What there is

  private static let match = Shape.choice(["exact": .text, "prefix": .text, "regex": .text])
  private static let portNumber = Shape.object(["number": .number], required: ["number"])
  private static let port = Shape.object(
    [
      "number": .number, "name": .text,
      "protocol": .word(["HTTP", "HTTPS", "HTTP2", "GRPC", "TCP", "TLS"]),
    ], required: ["number", "name", "protocol"])
  private static let routes = Shape.list(
    .object(
      [
        "destination": .object(
          ["host": .text, "port": portNumber, "subset": .text], required: ["host"]),
        "weight": .number,
      ], required: ["destination"]))
  private static let clientTLS = Shape.object(
    ["mode": .word(["ISTIO_MUTUAL"]), "sni": .text], required: ["mode"])
  private static let policy = Shape.object([
    "tls": clientTLS,
    "portLevelSettings": .list(.object(["port": portNumber, "tls": clientTLS])),
  ])

  private static let httpRoute = Shape.object(
    [
      "name": .text,
      "match": .list(
        .object([
          "uri": match, "method": match, "authority": match, "scheme": match, "port": .number,
          "sourceNamespace": .text, "sourceLabels": .map,
          "headers": .mapOf(match),
        ])),
      "route": routes, "timeout": .duration,
      "retries": .object(
        ["attempts": .number, "perTryTimeout": .duration, "retryOn": .text],
        required: ["attempts"]),
      "rewrite": .object([
        "authority": .text, "uriRegexRewrite": .object(["match": .text, "rewrite": .text]),
      ]),
      "redirect": .object([
        "scheme": .text, "authority": .text, "uri": .text, "port": .number, "redirectCode": .number,
      ]),
      "directResponse": .object(
        ["status": .number, "body": .choice(["string": .text])], required: ["status"]),
      "fault": .object([
        "abort": .object(["httpStatus": .number, "percentage": .object(["value": .number])])
      ]),
    ])

  private static let shapes: [IstioKind: Shape] = [
    .serviceEntry: .object(
      [
        "hosts": .texts, "addresses": .texts, "ports": .list(port), "exportTo": .texts,
        "location": .word(["MESH_INTERNAL"]), "resolution": .word(["STATIC"]),
        "endpoints": .list(
          .object(
            ["address": .text, "ports": .mapOf(.number), "labels": .map], required: ["address"])),
        "workloadSelector": .object(["labels": .map], required: ["labels"]),
        "subjectAltNames": .texts,
      ], required: ["hosts", "ports", "location", "resolution"]),
    .destinationRule: .object(
      [
        "host": .text, "exportTo": .texts, "trafficPolicy": policy,
        "subsets": .list(
          .object(["name": .text, "labels": .map, "trafficPolicy": policy], required: ["name"])),
      ], required: ["host"]),
    .virtualService: .object(
      [
        "hosts": .texts, "gateways": .texts, "http": .list(httpRoute),
        "tls": .list(
          .object([
            "match": .list(
              .object(["port": .number, "sniHosts": .texts], required: ["sniHosts"])),
            "route": routes,
          ])),
        "tcp": .list(
          .object(["match": .list(.object(["port": .number])), "route": routes])),
      ], required: ["hosts", "gateways"]),
    .gateway: .object(
      [
        "selector": .map,
        "servers": .list(
          .object(
            [
              "port": port, "hosts": .texts,
              "tls": .object(
                [
                  "mode": .word(["SIMPLE", "MUTUAL", "PASSTHROUGH", "AUTO_PASSTHROUGH"]),
                  "serverCertificate": .text, "privateKey": .text, "caCertificates": .text,
                ], required: ["mode"]),
            ], required: ["port", "hosts"])),
      ], required: ["selector", "servers"]),
    .sidecar: .object([
      "workloadSelector": .object(["labels": .map], required: ["labels"]),
      "egress": .list(.object(["hosts": .texts], required: ["hosts"])),
    ]),
    .peerAuthentication: .object([
      "selector": .object(["matchLabels": .map]),
      "mtls": .object(["mode": .word(["STRICT", "PERMISSIVE"])], required: ["mode"]),
    ]),
    .authorizationPolicy: .object(
      [
        "action": .word(["ALLOW", "DENY"]), "selector": .object(["matchLabels": .map]),
        "rules": .list(
          .object([
            "from": .list(
              .object(["source": .object(["principals": .texts, "notPrincipals": .texts])]))
          ])),
      ], required: ["action"]),
  ]
}
