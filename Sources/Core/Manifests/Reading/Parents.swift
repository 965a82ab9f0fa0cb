import Documents
import Model

/// What an object says it belongs to, before its kind is known.
struct Parents {
  /// The keys that are there, in metadata or as annotations: `workspace`, `trafficGroup`.
  private var keys: Set<String> = []
  /// The object that `fqn` names.
  private var ref: ResourceRef?

  init(of metadata: Document) {
    let annotations = metadata["annotations"]?.object ?? [:]
    keys = Set((metadata.object ?? [:]).keys.map(camelCased))
    for key in annotations.keys {
      for prefix in NamedPlace.annotationPrefixes where key.utf8.starts(with: prefix.utf8) {
        keys.insert(String(decoding: key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self))
      }
    }
    let fqn = metadata["fqn"] ?? NamedPlace.fqnAnnotations.compactMap { annotations[$0] }.first
    ref = fqn?.string.flatMap { ResourceRef(fqn: $0) ?? convertedFQN($0).flatMap(ResourceRef.init) }
  }

  /// Whether an object of the kind would say this.
  func fit(_ kind: Kind) -> Bool {
    if let ref { return ref.kind == kind || (kind.isOnly && ref.kind == kind.parent) }
    guard let parent = kind.parent else { return true }
    let key = EnvelopeFields.key(of: parent, in: kind)
    return keys.contains(key) || (parent.isGroup && keys.contains(parent.rawValue))
  }

  var isEmpty: Bool { ref == nil && keys.isDisjoint(with: Self.words) }

  private static let words = Set(
    Kind.allCases.filter { !$0.isObserved }.flatMap { [$0.metadataKey, $0.rawValue] }
      .filter { $0 != "name" })
}
