import Documents
import Model
import Operations

extension Rendering {
  static func lookup(_ lookup: ServiceLookup) -> Document {
    [
      "service": .string("\(lookup.service.namespace)/\(lookup.service.name)"),
      "clusters": .list(lookup.clusters.map(Document.string)),
      "items": .list(
        lookup.matches.map { match in
          [
            "fqn": .string(match.ref.fqn), "kind": .string(match.ref.kind.name),
            "clusters": .list(match.clusters.map(Document.string)),
          ]
        }),
    ]
  }

  static func lookup(_ lookup: SelectorLookup) -> Document {
    [
      "items": .list(
        lookup.namespaces.map { namespace in
          [
            "cluster": .string(namespace.cluster), "namespace": .string(namespace.name),
            "services": .list(namespace.services.map(Document.string)),
            "owners": .list(namespace.owners.map { .string($0.fqn) }),
          ]
        }),
      "overlaps": .list(lookup.overlaps.map { .string($0.fqn) }),
    ]
  }
}
