package import Documents
package import Model

/// The fields of a canonical manifest that are understood and kept, and change nothing yet; sorted.
///
/// A field that holds others stands for all of them.
package func notYetEffective(in manifest: Document, of kind: Kind) -> [FieldPath] {
  let spec = FieldPath() / "spec"
  guard let value = manifest["spec"] else { return [] }
  if kind.isRaw { return [spec] }
  var found: [FieldPath] = []
  collect(value, .object(kind.spec), at: spec, into: &found)
  return found.sorted()
}

private func collect(
  _ value: Document, _ type: FieldType, at path: FieldPath, into found: inout [FieldPath]
) {
  switch type {
  case .object(let shape):
    guard let members = value.object else { return }
    for field in shape.fields {
      guard let member = members[field.name] else { continue }
      let inner = path / field.name
      switch field.effect {
      case .notYetEffective: if !field.isDefault(member) { found.append(inner) }
      case .takesEffect: collect(member, field.type, at: inner, into: &found)
      case .descriptive, .output: break
      }
    }
  case .list(let element, _):
    for (index, member) in (value.list ?? []).enumerated() {
      collect(member, element, at: path[index], into: &found)
    }
  case .map(_, let values):
    for (key, member) in value.object ?? [:] {
      collect(member, values, at: path / key, into: &found)
    }
  case .text, .boolean, .integer, .number, .duration, .choice, .anything: break
  }
}
