import Documents
import Model

/// A term of a label selector, as in Kubernetes.
package enum LabelRequirement: Hashable, Sendable {
  case equals(String, String)
  case differs(String, String)
  case exists(String)
  case absent(String)
  case isOne(String, of: Set<String>)
  case isNone(String, of: Set<String>)

  /// What negates holds for objects without the label, too.
  package func holds(for labels: [String: String]) -> Bool {
    switch self {
    case .equals(let key, let value): labels[key] == value
    case .differs(let key, let value): labels[key] != value
    case .exists(let key): labels[key] != nil
    case .absent(let key): labels[key] == nil
    case .isOne(let key, let values): labels[key].map(values.contains) ?? false
    case .isNone(let key, let values): !(labels[key].map(values.contains) ?? false)
    }
  }
}

/// A term of a field selector: of fields that the database has an index of.
package enum FieldRequirement: Hashable, Sendable {
  case name(String)
  /// The service of a ServiceRoute, in any of the ways to write it.
  case service([String])

  package func holds(for object: StoredObject) -> Bool {
    switch self {
    case .name(let name): object.ref.name == name
    case .service(let spellings):
      object.ref.kind == .serviceRoute
        && object.manifest[["spec", "service"]]?.string.map(spellings.contains) == true
    }
  }
}
