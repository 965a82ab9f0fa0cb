import AgentStore
import BlueprintCoding
import Blueprints
import Documents
import EnvoyConfig

// Between what the disk holds and what the site works with.

extension WorkloadIdentity {
  /// Nil when the stored role is not one of ours.
  init?(_ stored: StoredIdentity) {
    guard let role = ProxyRole(rawValue: stored.grant.role) else { return nil }
    self.init(
      nodeID: stored.nodeID, namespace: stored.grant.namespace, service: stored.grant.service,
      serviceAccount: stored.grant.serviceAccount, role: role, labels: stored.grant.labels)
  }
}

extension Presence {
  var document: Document {
    .object([
      "address": .string(address), "advertisedAddress": .string(advertisedAddress),
      "advertisedPort": .integer(Int64(advertisedPort)),
      "labels": .object(labels.mapValues { .string($0) }),
      "ports": .list(
        ports.map { port in
          .object([
            "number": .integer(Int64(port.number)), "name": .string(port.name),
            "protocol": .string(port.protocolName),
            "applicationPort": .integer(Int64(port.applicationPort)),
          ])
        }),
      "capturesTraffic": .bool(capturesTraffic),
      "upstreams": .list(
        upstreams.map { upstream in
          .object([
            "host": .string(upstream.host), "port": .integer(Int64(upstream.port)),
            "listenAddress": .string(upstream.listenAddress),
            "listenPort": .integer(Int64(upstream.listenPort)),
          ])
        }),
      "version": .string(version), "envoyVersion": .string(envoyVersion),
      "platform": .string(platform), "hostName": .string(hostName),
    ])
  }

  init?(document: Document, healthy: Bool) {
    guard let address = document["address"]?.string,
      let capturesTraffic = document["capturesTraffic"]?.bool
    else { return nil }
    self.init(
      address: address, advertisedAddress: document["advertisedAddress"]?.string,
      advertisedPort: document["advertisedPort"]?.integer.map { Int($0) } ?? Self.gatewayPort,
      ports: (document["ports"]?.list ?? []).compactMap { port in
        guard let number = port["number"]?.integer, let name = port["name"]?.string,
          let protocolName = port["protocol"]?.string,
          let applicationPort = port["applicationPort"]?.integer
        else { return nil }
        return InboundPort(
          number: Int(number), name: name, protocolName: protocolName,
          applicationPort: Int(applicationPort))
      },
      labels: (document["labels"]?.object ?? [:]).compactMapValues(\.string), healthy: healthy,
      capturesTraffic: capturesTraffic,
      upstreams: (document["upstreams"]?.list ?? []).compactMap { upstream in
        guard let host = upstream["host"]?.string, let port = upstream["port"]?.integer,
          let listenAddress = upstream["listenAddress"]?.string,
          let listenPort = upstream["listenPort"]?.integer
        else { return nil }
        return ExplicitUpstream(
          host: host, port: Int(port), listenAddress: listenAddress, listenPort: Int(listenPort))
      },
      version: document["version"]?.string ?? "",
      envoyVersion: document["envoyVersion"]?.string ?? "",
      platform: document["platform"]?.string ?? "", hostName: document["hostName"]?.string ?? "")
  }
}

extension ItemRefusal {
  var document: Document {
    .object([
      "reason": .string(reason), "nodeIds": .list(nodeIDs.map { .string($0) }),
      "resourceType": .string(resourceType), "resourceName": .string(resourceName),
      "resourceVersion": .string(resourceVersion),
    ])
  }

  init(document: Document, hash: StableHash) {
    self.init(
      hash: hash, reason: document["reason"]?.string ?? "",
      nodeIDs: (document["nodeIds"]?.list ?? []).compactMap(\.string),
      resourceType: document["resourceType"]?.string ?? "",
      resourceName: document["resourceName"]?.string ?? "",
      resourceVersion: document["resourceVersion"]?.string ?? "")
  }
}

extension ReceivedDelta.Item {
  /// Nil when the key is not one that this agent knows.
  init?(_ stored: StoredItem) {
    guard let key = ItemKey(text: stored.key) else { return nil }
    let reading = ItemCoding.reading(key: stored.key, schema: stored.schema, bytes: stored.bytes)
    self.init(
      key: key,
      held: SiteState.Held(
        hash: stored.hash, item: reading.item, sources: stored.sources.map(Source.init)),
      problem: reading.problem)
  }
}

extension Source {
  init(_ stored: StoredSource) { self.init(fqn: stored.fqn, revision: stored.revision) }
}

extension ReceivedDelta {
  init(_ delta: AssembledDelta) {
    self.init(
      epoch: delta.epoch, generation: delta.generation, revision: delta.revision,
      full: delta.full, upserts: delta.upserts.compactMap(Item.init),
      removals: delta.removals.compactMap(ItemKey.init(text:)), arrived: delta.arrived)
  }
}
