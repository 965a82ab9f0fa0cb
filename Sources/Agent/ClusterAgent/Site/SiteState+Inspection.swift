import Blueprints
import DeltaXDS
import Documents
import EnvoyConfig

extension SiteState {
  /// What one proxy is meant to have, and where each resource comes from; nil for a node id that is
  /// not here.
  func inspection(of nodeID: String) -> Document? {
    guard let registration = registrations[nodeID],
      let group = groups[profile(of: registration)]
    else { return nil }
    let node = nodes[nodeID]
    let isSettled = (node?.settled ?? 0) >= group.step
    let resources = group.view.resources.map { resource -> Document in
      let made = StableHash(shortText: resource.version).flatMap { self.made(resource.name, $0) }
      return .object([
        "type": .string(resource.name.type.url),
        "name": .string(resource.name.name),
        "version": .string(resource.version),
        "bytes": .integer(Int64(resource.body.count)),
        "state": .string(
          isConnected(nodeID) ? (isSettled ? "acknowledged" : "sent") : "disconnected"),
        "from": .list((made?.items ?? [:]).keys.sorted().map(provenance)),
      ])
    }
    return .object([
      "nodeId": .string(nodeID),
      "role": .string(registration.identity.role.rawValue),
      "namespace": .string(registration.identity.namespace),
      "service": .string(registration.identity.service),
      "serviceAccount": .string(registration.identity.serviceAccount),
      "address": .string(registration.presence.address),
      "connected": .bool(isConnected(nodeID)),
      "healthy": .bool(registration.presence.healthy),
      "epoch": .string(epoch),
      "generation": .integer(generation),
      "acknowledgedGeneration": .integer(acknowledgedGeneration(of: nodeID)),
      "toldGeneration": .integer(toldGeneration(of: nodeID)),
      "resources": .list(resources),
      "quarantined": .list(
        quarantine.refusals.sorted { $0.key < $1.key }.filter { $0.value.nodeIDs.contains(nodeID) }
          .map { key, refusal in
            .object([
              "item": .string(key.text), "resourceType": .string(refusal.resourceType),
              "resourceName": .string(refusal.resourceName), "reason": .string(refusal.reason),
              "from": provenance(key),
            ])
          }),
    ])
  }

  private func provenance(_ key: ItemKey) -> Document {
    var held = items[key]
    if case .lastGood = quarantine.standing(of: key) { held = good[key] }
    return .object([
      "item": .string(key.text),
      "sources": .list(
        (held?.sources ?? []).map {
          .object(["fqn": .string($0.fqn), "revision": .integer($0.revision)])
        }),
    ])
  }
}
