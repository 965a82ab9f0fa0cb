import Crypto
import Documents
import Foundation
import GRDB
import Model

/// How domain values are written in columns.
enum RowCoding {
  static func document(_ text: String) throws -> Document {
    do { return try JSONParser.document(from: Array(text.utf8)) } catch {
      throw StoreError.unreadable(error.message)
    }
  }

  static func ref(_ fqn: String) throws -> ResourceRef {
    guard let ref = ResourceRef(fqn: fqn) else { throw StoreError.unreadable("no object: \(fqn)") }
    return ref
  }

  static func object(_ row: Row) throws -> StoredObject {
    StoredObject(
      ref: try ref(row["fqn"]), manifest: try document(row["manifest"]),
      labels: try labels(row["labels"]), created: Revision(row["created"]),
      revision: Revision(row["revision"]), createdAt: row["createdAt"], updatedAt: row["updatedAt"])
  }

  static func labels(_ text: String) throws -> [String: String] {
    guard case .object(let members) = try document(text) else {
      throw StoreError.unreadable("labels are no object")
    }
    return members.compactMapValues(\.string)
  }

  static func text(_ labels: [String: String]) -> String {
    Document.object(labels.mapValues(Document.string)).canonicalText
  }

  static func text(_ certificates: [[UInt8]]) -> String {
    Document.list(certificates.map { .string($0.data.base64EncodedString()) }).canonicalText
  }

  static func certificates(_ text: String) throws -> [[UInt8]] {
    try (document(text).list ?? []).map { element in
      guard let text = element.string, let bytes = Data(base64Encoded: text) else {
        throw StoreError.unreadable("an authority that is no base64")
      }
      return bytes.bytes
    }
  }

  static func document(_ steps: [StoredChange.Step]) -> Document {
    .list(
      steps.map { step in
        var members: [String: Document] = ["fqn": .string(step.ref.fqn)]
        if let before = step.before { members["before"] = before }
        if let after = step.after { members["after"] = after }
        return .object(members)
      })
  }

  static func change(_ row: Row) throws -> StoredChange {
    guard case .list(let steps) = try document(row["steps"]) else {
      throw StoreError.unreadable("steps are no list")
    }
    return StoredChange(
      revision: Revision(row["revision"]), committedAt: row["committedAt"], actor: row["actor"],
      steps: try steps.map { step in
        StoredChange.Step(
          ref: try ref(step["fqn"]?.string ?? ""), before: step["before"], after: step["after"])
      })
  }

  static func document(_ service: ObservedService) -> Document {
    [
      "ports": .list(
        service.ports.map { port in
          [
            "number": .integer(Int64(port.number)), "name": .string(port.name),
            "protocol": .string(port.protocolName),
          ]
        }),
      "labels": .object(service.labels.mapValues(Document.string)),
      "serviceAccounts": .list(service.serviceAccounts.map(Document.string)),
      "workloads": .integer(Int64(service.workloads)),
      "healthyWorkloads": .integer(Int64(service.healthyWorkloads)),
      "variants": .list(
        service.variants.map { variant in
          [
            "labels": .object(variant.labels.mapValues(Document.string)),
            "healthyWorkloads": .integer(Int64(variant.healthyWorkloads)),
          ]
        }),
    ]
  }

  static func document(_ gateway: ObservedGateway) -> Document {
    [
      "nodeID": .string(gateway.nodeID), "role": .string(gateway.role),
      "namespace": .string(gateway.namespace), "serviceAccount": .string(gateway.serviceAccount),
      "labels": .object(gateway.labels.mapValues(Document.string)),
      "address": .string(gateway.address), "port": .integer(Int64(gateway.port)),
      "healthy": .bool(gateway.healthy),
    ]
  }

  static func gateway(_ document: Document) throws -> ObservedGateway {
    guard let nodeID = document["nodeID"]?.string, let role = document["role"]?.string,
      let address = document["address"]?.string,
      let port = document["port"]?.integer.flatMap(Int.init(exactly:)),
      let healthy = document["healthy"]?.bool
    else { throw StoreError.unreadable("a gateway without its address") }
    return ObservedGateway(
      nodeID: nodeID, role: role, namespace: document["namespace"]?.string ?? "",
      serviceAccount: document["serviceAccount"]?.string ?? "",
      labels: (document["labels"]?.object ?? [:]).compactMapValues(\.string), address: address,
      port: port, healthy: healthy)
  }

  static func service(_ document: Document) throws -> ObservedService {
    guard let workloads = document["workloads"]?.integer.flatMap(Int.init(exactly:)),
      let healthy = document["healthyWorkloads"]?.integer.flatMap(Int.init(exactly:))
    else { throw StoreError.unreadable("an observed service without counts") }
    return ObservedService(
      ports: try (document["ports"]?.list ?? []).map { port in
        guard let number = port["number"]?.integer.flatMap(Int.init(exactly:)) else {
          throw StoreError.unreadable("a port without a number")
        }
        return ObservedPort(
          number: number, name: port["name"]?.string ?? "",
          protocolName: port["protocol"]?.string ?? "")
      },
      labels: (document["labels"]?.object ?? [:]).compactMapValues(\.string),
      serviceAccounts: (document["serviceAccounts"]?.list ?? []).compactMap(\.string),
      workloads: workloads, healthyWorkloads: healthy,
      variants: try (document["variants"]?.list ?? []).map { variant in
        guard let healthy = variant["healthyWorkloads"]?.integer.flatMap(Int.init(exactly:))
        else { throw StoreError.unreadable("a variant without its count") }
        return ObservedVariant(
          labels: (variant["labels"]?.object ?? [:]).compactMapValues(\.string),
          healthyWorkloads: healthy)
      })
  }

  /// SHA-256(previous || canonical row).
  static func chained(_ row: Document, after previous: [UInt8]) -> [UInt8] {
    chained(row.canonicalJSON, after: previous)
  }

  static func chained(_ row: [UInt8], after previous: [UInt8]) -> [UInt8] {
    var hasher = SHA256()
    hasher.update(data: previous)
    hasher.update(data: row)
    return Array(hasher.finalize())
  }

  static let beginningOfChain = [UInt8](repeating: 0, count: 32)
}
