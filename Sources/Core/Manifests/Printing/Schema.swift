package import Documents
package import Model

/// The JSON Schema (2020-12) of a manifest of this kind, from the table that reading uses.
package func schema(of kind: Kind) -> Document {
  .object([
    "type": "object", "description": .string(kind.summary), "additionalProperties": false,
    "required": ["apiVersion", "kind", "metadata"],
    "properties": .object([
      "apiVersion": kind.istioGroup.map { ["type": "string", "pattern": .string("^\($0)/")] }
        ?? .object(["const": .string(kind.apiVersion)]),
      "kind": .object(["const": .string(kind.name)]),
      "metadata": schema(of: EnvelopeFields.metadata(of: kind)),
      "spec": kind.isRaw ? ["type": "object"] : schema(of: kind.spec),
    ]),
  ])
}

private func schema(of shape: Shape) -> Document {
  var result: [String: Document] = [
    "type": "object", "additionalProperties": false,
    "properties": .object(
      Dictionary(shape.fields.map { ($0.name, schema(of: $0)) }, uniquingKeysWith: { $1 })),
  ]
  let required = shape.fields.filter(\.isRequired).map { Document.string($0.name) }
  if !required.isEmpty { result["required"] = .list(required) }
  let choices = shape.alternatives.filter(\.isRequired).map { alternatives in
    Document.object([
      "oneOf": .list(alternatives.names.map { .object(["required": .list([.string($0)])]) })
    ])
  }
  if !choices.isEmpty { result["allOf"] = .list(choices) }
  return .object(result)
}

private func schema(of field: Field) -> Document {
  var members = schema(of: field.type).object ?? [:]
  members["description"] = .string(field.doc)
  if field.successor != nil { members["deprecated"] = true }
  if field.effect == .output { members["readOnly"] = true }
  return .object(members)
}

private func schema(of type: FieldType) -> Document {
  switch type {
  case .text(let format):
    var members: [String: Document] = [
      "type": "string", "maxLength": .integer(Int64(format.longest)),
    ]
    if let pattern = format.pattern { members["pattern"] = .string(pattern) }
    if format.isSecret { members["format"] = "password" }
    return .object(members)
  case .boolean: return ["type": "boolean"]
  case .integer(let range):
    return .object([
      "type": "integer", "minimum": .integer(range.lowerBound),
      "maximum": .integer(range.upperBound),
    ])
  case .number(let range):
    return .object([
      "type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound),
    ])
  case .anything: return [:]
  case .duration:
    return ["type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h)$"]
  case .choice(let words): return .object(["enum": .list(words.map(Document.string))])
  case .list(let element, let least):
    return .object([
      "type": "array", "items": schema(of: element), "minItems": .integer(Int64(least)),
    ])
  case .map(_, let values):
    return .object(["type": "object", "additionalProperties": schema(of: values)])
  case .object(let shape): return schema(of: shape)
  }
}
