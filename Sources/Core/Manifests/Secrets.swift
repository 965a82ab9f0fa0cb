package import Documents
package import Model

/// What stands for a secret where everything else is shown.
package let secretMask = "(redacted)"

/// A manifest without the secrets in it, as plans, differences and histories show it.
package func masked(_ manifest: Document, of kind: Kind) -> Document {
  masked(manifest, at: FieldPath(), of: kind)
}

/// The same for what is at a path of a manifest.
package func masked(_ value: Document, at path: FieldPath, of kind: Kind) -> Document {
  guard let type = type(at: path, of: kind) else { return value }
  return replacingSecrets(in: value, type) { _ in secretMask }
}

/// A manifest in which every secret has a mask of its own, and what each mask stands for: masks can
/// be moved about in the text and still be told apart.
package func maskedApart(
  _ manifest: Document, of kind: Kind
) -> (manifest: Document, secrets: [String: String]) {
  guard let type = type(at: FieldPath(), of: kind) else { return (manifest, [:]) }
  var secrets: [String: String] = [:]
  let masked = replacingSecrets(in: manifest, type) { secret in
    let mask = "\(secretMask.dropLast()) \(secrets.count + 1))"
    secrets[mask] = secret
    return mask
  }
  return (masked, secrets)
}

/// Whether a text is nothing but the mask of a secret, which nobody means to store.
func isMask(_ text: String) -> Bool {
  let text = withoutTrailingSpace(text)
  return text.utf8.starts(with: secretMask.utf8.dropLast()) && text.utf8.last == UInt8(ascii: ")")
}

/// Without what a block of YAML adds to a text.
private func withoutTrailingSpace(_ text: String) -> String {
  let length = text.utf8.reversed().prefix { $0 == 0x0A || $0 == 0x0D || $0 == 0x20 }.count
  return String(decoding: Array(text.utf8.dropLast(length)), as: UTF8.self)
}

extension MarkedDocument {
  /// The same with secrets in the places of their masks.
  func unmasked(_ secrets: [String: String]) -> MarkedDocument {
    guard !secrets.isEmpty else { return self }
    var result = self
    result.value = Self.unmasked(value, secrets)
    return result
  }

  private static func unmasked(_ value: Document, _ secrets: [String: String]) -> Document {
    switch value {
    case .string(let text):
      return secrets[withoutTrailingSpace(text)].map(Document.string) ?? value
    case .list(let elements): return .list(elements.map { unmasked($0, secrets) })
    case .object(let members): return .object(members.mapValues { unmasked($0, secrets) })
    case .null, .bool, .integer, .number: return value
    }
  }
}

/// The type of what is at a path; nil where nothing is secret.
private func type(at path: FieldPath, of kind: Kind) -> FieldType? {
  guard !kind.isRaw else { return nil }
  var type = FieldType.object(Shape([Field("spec", .object(kind.spec), kind.summary)]))
  for step in path.steps {
    switch (type, step) {
    case (.object(let shape), .field(let name)):
      guard let field = shape.field(name) else { return nil }
      type = field.type
    case (.list(let element, _), .index): type = element
    case (.map(_, let values), .field): type = values
    default: return nil
    }
  }
  return type
}

private func replacingSecrets(
  in value: Document, _ type: FieldType, _ replacement: (String) -> String
) -> Document {
  switch (value, type) {
  case (.string(let text), .text(let format)):
    return format.isSecret ? .string(replacement(text)) : value
  case (.list(let elements), .list(let element, _)):
    return .list(elements.map { replacingSecrets(in: $0, element, replacement) })
  case (.object(let members), .map(_, let values)):
    return .object(
      Dictionary(
        uniqueKeysWithValues: inOrder(members).map {
          ($0.key, replacingSecrets(in: $0.value, values, replacement))
        }))
  case (.object(let members), .object(let shape)):
    return .object(
      Dictionary(
        uniqueKeysWithValues: inOrder(members).map { key, member in
          let type = shape.field(key)?.type
          return (key, type.map { replacingSecrets(in: member, $0, replacement) } ?? member)
        }))
  default: return value
  }
}
