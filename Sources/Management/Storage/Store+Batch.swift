import Documents
import Foundation
import GRDB
package import Model

extension Store {
  /// What was written between two positions, folded: the state now of everything that changed.
  package struct Batch: Sendable {
    package var position: Position
    /// nil: the object is gone.
    package var objects: [ResourceRef: StoredObject?]
    /// The latest change in the batch, 0 when only inventory changed.
    package var revision: Revision
    /// By cluster; nil: the cluster no longer reports that service.
    package var services: [String: [ServiceName: ObservedService?]]
    /// By cluster: its authorities, where they changed.
    package var authorities: [String: [[UInt8]]]
    /// By cluster, with its authorities: how often all of them were withdrawn.
    package var withdrawals: [String: Int]
    /// Virtual addresses allocated (host → dotted address), nil: released.
    package var addresses: [String: String?]
    /// By cluster: all of its gateways, where one of them changed.
    package var gateways: [String: [ObservedGateway]]
    /// By cluster: the port at which other clusters' gateways take what is meant for it; nil:
    /// there is none, or not yet, see `recordTrust`.
    package var ports: [String: Int?]

    package init(
      position: Position, objects: [ResourceRef: StoredObject?] = [:],
      revision: Revision = Revision(0),
      services: [String: [ServiceName: ObservedService?]] = [:],
      authorities: [String: [[UInt8]]] = [:], withdrawals: [String: Int] = [:],
      addresses: [String: String?] = [:], gateways: [String: [ObservedGateway]] = [:],
      ports: [String: Int?] = [:]
    ) {
      self.position = position
      self.objects = objects
      self.revision = revision
      self.services = services
      self.authorities = authorities
      self.withdrawals = withdrawals
      self.addresses = addresses
      self.gateways = gateways
      self.ports = ports
    }
  }

  /// Everything written after `position`; from the default position: everything there is.
  package func batch(after position: Position) async throws -> Batch {
    if let recent = recentBatch(after: position) { return recent }
    return try await read { database in
      var batch = Batch(position: try Self.position(in: database))
      if batch.position.revision > position.revision {
        batch.revision = Revision(batch.position.revision)
        batch.objects = try Self.objects(in: database, after: position)
      }
      if batch.position.inventory > position.inventory {
        try Self.addInventory(to: &batch, in: database, after: position.inventory)
      }
      return batch
    }
  }

  private static func objects(
    in database: Database, after position: Position
  ) throws -> [ResourceRef: StoredObject?] {
    let view = StoreView(database: database)
    if position.revision > 0 { return try view.objects(after: Revision(position.revision)) }
    return Dictionary(uniqueKeysWithValues: try view.objects().map { ($0.ref, Optional($0)) })
  }

  private static func addInventory(
    to batch: inout Batch, in database: Database, after version: Int64
  ) throws {
    let services = try Row.fetchCursor(
      database, sql: "SELECT * FROM inventory_service WHERE version > ?", arguments: [version])
    while let row = try services.next() {
      let name = ServiceName(namespace: row["namespace"], name: row["name"])
      let text: String? = row["observed"]
      if text == nil && version == 0 { continue }
      let observed = try text.map { try RowCoding.service(RowCoding.document($0)) }
      batch.services[row["cluster"], default: [:]].updateValue(observed, forKey: name)
    }
    let authorities = try Row.fetchCursor(
      database, sql: "SELECT * FROM inventory_authority WHERE version > ?", arguments: [version])
    while let row = try authorities.next() {
      batch.authorities[row["cluster"]] = try RowCoding.certificates(row["certificates"])
      batch.withdrawals[row["cluster"]] = row["withdrawals"]
    }
    let addresses = try Row.fetchCursor(
      database, sql: "SELECT * FROM address WHERE version > ?", arguments: [version])
    while let row = try addresses.next() {
      let isReleased = (row["releasedAt"] as Int64?) != nil
      if isReleased && version == 0 { continue }
      let text: String? = isReleased ? nil : VirtualAddress(number: row["address"]).text
      batch.addresses.updateValue(text, forKey: row["host"])
    }
    try addGateways(to: &batch, in: database, after: version)
  }

  private static func addGateways(
    to batch: inout Batch, in database: Database, after version: Int64
  ) throws {
    let gateways = try Row.fetchCursor(
      database, sql: "SELECT * FROM inventory_gateway WHERE version > ?", arguments: [version])
    while let row = try gateways.next() {
      let list = try RowCoding.document(row["gateways"]).list ?? []
      if list.isEmpty && version == 0 { continue }
      batch.gateways[row["cluster"]] = try list.map(RowCoding.gateway)
    }
    let ports = try Row.fetchCursor(
      database, sql: "SELECT * FROM cluster_port WHERE version > ?", arguments: [version])
    while let row = try ports.next() {
      let port: Int? = row["trusted"] ? row["port"] : nil
      if port == nil && version == 0 { continue }
      batch.ports.updateValue(port, forKey: row["cluster"])
    }
  }
}
