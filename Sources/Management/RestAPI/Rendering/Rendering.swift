import Blueprints
import Documents
import Foundation
import Model
import Operations
import Publication
import Storage

/// What clients get to see of our values.
enum Rendering {
  /// Milliseconds since 1970 as `2026-11-25T20:00:00.000Z`.
  static func time(_ milliseconds: Int64) -> Document {
    let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    return .string(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
  }

  /// A manifest as an object was, or is, at a revision.
  static func manifest(_ manifest: Document, of ref: ResourceRef, at revision: Revision) -> Document
  {
    var members = manifest.object ?? [:]
    var metadata = members["metadata"]?.object ?? [:]
    metadata["fqn"] = .string(ref.fqn)
    metadata["etag"] = .string(String(revision.number))
    members["metadata"] = .object(metadata)
    return .object(members)
  }

  /// The manifest, with what the server knows of the object in its metadata.
  static func object(_ object: StoredObject, status: ObjectStatus? = nil) -> Document {
    var members = object.manifest.object ?? [:]
    var metadata = members["metadata"]?.object ?? [:]
    metadata["fqn"] = .string(object.ref.fqn)
    metadata["etag"] = .string(String(object.revision.number))
    // Nobody wrote what is observed.
    if !object.ref.kind.isObserved {
      metadata["created"] = .integer(object.created.number)
      metadata["createdAt"] = time(object.createdAt)
      metadata["updatedAt"] = time(object.updatedAt)
    }
    members["metadata"] = .object(metadata)
    if let status { members["status"] = Self.status(status, of: object) }
    return .object(members)
  }

  static func result(_ result: WriteResult) -> Document {
    var members: [String: Document] = [
      "revision": .integer(result.revision.number), "dryRun": .bool(result.isDryRun),
      "changed": .bool(result.results.contains { $0.outcome != .unchanged }),
      "results": .list(
        result.results.map { item in
          var members: [String: Document] = [
            "fqn": .string(item.ref.fqn), "kind": .string(item.ref.kind.name),
            "name": .string(item.ref.name), "action": .string(item.outcome.rawValue),
          ]
          if let object = item.object { members["revision"] = .integer(object.revision.number) }
          if result.isDryRun, item.outcome != .unchanged {
            members.merge(step(of: item.ref, from: item.before, to: item.object?.manifest)) {
              $1
            }
          }
          return .object(members)
        }),
      "warnings": .list(result.warnings.map(\.document)),
    ]
    if result.isDryRun { members["base"] = .integer(result.base.number) }
    members["plan"] = result.plan.map(plan)
    return .object(members)
  }

  static func joinToken(_ token: IssuedJoinToken) -> Document {
    [
      "cluster": .string(token.cluster.fqn), "token": .string(token.text),
      "expiresAt": time(token.expiresAt), "command": .string(token.commandLine),
    ]
  }

  static func rejection(_ pair: (cluster: String, rejection: ItemRejection)) -> Document {
    rejection(pair.rejection, cluster: pair.cluster)
  }

  private static func rejection(_ rejection: ItemRejection, cluster: String) -> Document {
    [
      "cluster": .string(cluster), "item": .string(rejection.key.text),
      "reason": .string(rejection.reason), "nodeIDs": .list(rejection.nodeIDs.map(Document.string)),
      "resourceType": .string(rejection.resourceType),
      "resourceName": .string(rejection.resourceName),
    ]
  }

  static func agent(_ agent: AgentState) -> Document {
    [
      "cluster": .string(agent.cluster), "connected": .bool(agent.connected),
      "version": .string(agent.version), "generation": .integer(agent.generation),
      "acknowledgedGeneration": .integer(agent.acknowledgedGeneration),
      "since": agent.since > 0 ? time(agent.since) : .null,
      "proxies": .integer(Int64(agent.proxies)),
      "connectedProxies": .integer(Int64(agent.connectedProxies)),
      "gateways": .integer(Int64(agent.gateways)),
      "healthyGateways": .integer(Int64(agent.healthyGateways)),
    ]
  }

  static func proxy(_ pair: (cluster: String, proxy: ProxyState)) -> Document {
    let proxy = pair.proxy
    return [
      "cluster": .string(pair.cluster), "nodeID": .string(proxy.nodeID),
      "role": .string(proxy.role), "namespace": .string(proxy.namespace),
      "service": .string(proxy.service), "serviceAccount": .string(proxy.serviceAccount),
      "labels": .object(proxy.labels.mapValues(Document.string)),
      "version": .string(proxy.version), "envoyVersion": .string(proxy.envoyVersion),
      "connected": .bool(proxy.connected), "healthy": .bool(proxy.healthy),
      "acknowledgedGeneration": .integer(proxy.acknowledgedGeneration),
      "toldGeneration": .integer(proxy.toldGeneration), "inSync": .bool(proxy.isInSync),
      "lastChange": time(proxy.lastChange), "platform": .string(proxy.platform),
      "hostName": .string(proxy.hostName), "kind": .string(kind(of: proxy)),
    ]
  }

  /// vm, container, pod, or gateway whatever it runs in.
  private static func kind(of proxy: ProxyState) -> String {
    if proxy.role != "sidecar" { return "gateway" }
    return ["vm", "container", "pod"].contains(proxy.platform) ? proxy.platform : "vm"
  }
}
