import BlueprintCoding
import Blueprints
import Documents
import EnvoyConfig
import FleetProtos
import SwiftProtobuf

typealias UpMessage = Rialto_Fleet_V1_AgentMessage

// The sets say what to look at; the values are those of the moment, so that what changes while a
// message is in flight is sent once.
extension SiteState {
  /// How many entries go into one message, which keeps it far below gRPC's limit.
  static let reportSize = 1000

  /// Everything, as the first reports of a stream.
  mutating func fullReports() -> [UpMessage] {
    reports = Reports()
    let services = Set(registrations.services).sorted()
    var messages = chunks(of: services, full: true, inventory)
    messages[0].inventory.gateways = gateways()
    messages += chunks(of: registrations.nodeIDs, full: true, proxies)
    messages += chunks(of: quarantine.refusals.keys.sorted(), full: true, rejections)
    messages += propagation.generations.compactMap(propagationReport)
    return messages
  }

  /// What changed since the last look.
  mutating func takeReports() -> [UpMessage] {
    let pending = reports
    reports = Reports()
    var messages: [UpMessage] = []
    if !pending.services.isEmpty || pending.gateways {
      messages += chunks(of: pending.services.sorted(), full: false, inventory)
      if pending.gateways { messages[0].inventory.gateways = gateways() }
    }
    if !pending.proxies.isEmpty {
      messages += chunks(of: pending.proxies.sorted(), full: false, proxies)
    }
    if !pending.rejections.isEmpty {
      messages += chunks(of: pending.rejections.sorted(), full: false, rejections)
    }
    messages += pending.generations.sorted().compactMap(propagationReport)
    return messages
  }

  private func chunks<Key>(
    of keys: [Key], full: Bool, _ message: ([Key], Bool) -> UpMessage
  ) -> [UpMessage] {
    guard keys.count > Self.reportSize else { return [message(keys, full)] }
    return stride(from: 0, to: keys.count, by: Self.reportSize).map { start in
      message(Array(keys[start..<min(start + Self.reportSize, keys.count)]), full && start == 0)
    }
  }

  private func inventory(_ keys: [ServiceKey], full: Bool) -> UpMessage {
    var delta = Rialto_Fleet_V1_InventoryDelta()
    delta.full = full
    for key in keys {
      let name = Rialto_Fleet_V1_ServiceKey.with {
        $0.namespace = key.namespace
        $0.name = key.name
      }
      guard let summary = registrations.summary(of: key) else {
        delta.removals.append(name)
        continue
      }
      delta.upserts.append(
        .with { service in
          service.key = name
          service.ports = summary.ports.map { port in
            .with {
              $0.number = Int32(clamping: port.number)
              $0.name = port.name
              $0.protocol = port.protocolName
            }
          }
          service.labels = summary.labels
          service.serviceAccounts = summary.serviceAccounts
          service.workloads = Int32(clamping: summary.workloads)
          service.healthyWorkloads = Int32(clamping: summary.healthyWorkloads)
          service.variants = summary.variants.map { variant in
            .with {
              $0.labels = variant.labels
              $0.healthyWorkloads = Int32(clamping: variant.healthyWorkloads)
            }
          }
        })
    }
    return .with { $0.inventory = delta }
  }

  private func gateways() -> Rialto_Fleet_V1_Gateways {
    .with { message in
      message.items = registrations.gateways.map { gateway in
        let identity = gateway.registration.identity
        let presence = gateway.registration.presence
        return .with {
          $0.nodeID = identity.nodeID
          $0.role = identity.role.rawValue
          $0.namespace = identity.namespace
          $0.serviceAccount = identity.serviceAccount
          $0.labels = gateway.registration.labels
          $0.address = presence.advertisedAddress
          $0.port = Int32(clamping: presence.advertisedPort)
          $0.healthy = gateway.healthy
        }
      }
    }
  }

  private func proxies(_ nodeIDs: [String], full: Bool) -> UpMessage {
    var delta = Rialto_Fleet_V1_ProxyStatusDelta()
    delta.full = full
    for nodeID in nodeIDs {
      guard let registration = registrations[nodeID] else {
        delta.removals.append(nodeID)
        continue
      }
      delta.upserts.append(status(of: registration))
    }
    return .with { $0.proxies = delta }
  }

  private func status(of registration: Registration) -> Rialto_Fleet_V1_ProxyStatus {
    let identity = registration.identity
    let presence = registration.presence
    return .with { status in
      status.nodeID = identity.nodeID
      status.role = identity.role.rawValue
      status.namespace = identity.namespace
      status.service = identity.service
      status.serviceAccount = identity.serviceAccount
      status.labels = registration.labels
      status.version = presence.version
      status.envoyVersion = presence.envoyVersion
      status.connected = isConnected(identity.nodeID)
      status.healthy = presence.healthy
      status.acknowledgedGeneration = acknowledgedGeneration(of: identity.nodeID)
      status.toldGeneration = toldGeneration(of: identity.nodeID)
      status.lastChangeMs = registrations.lastChange(of: identity.nodeID)
      status.platform = presence.platform
      status.hostName = presence.hostName
    }
  }

  private func rejections(_ keys: [ItemKey], full: Bool) -> UpMessage {
    var delta = Rialto_Fleet_V1_RejectionDelta()
    delta.full = full
    for key in keys {
      guard let refusal = quarantine.refusal(of: key) else {
        delta.removals.append(key.text)
        continue
      }
      delta.upserts.append(
        .with { rejection in
          rejection.key = key.text
          rejection.hash = refusal.hash.value
          rejection.reason = refusal.reason
          rejection.nodeIds = refusal.nodeIDs
          rejection.resourceType = refusal.resourceType
          rejection.resourceName = refusal.resourceName
        })
    }
    return .with { $0.rejections = delta }
  }

  private func propagationReport(_ generation: Int64) -> UpMessage? {
    // What is not on the disk does not count yet.
    guard let record = propagation[generation], record.stored > 0 else { return nil }
    return .with { message in
      message.propagation = .with { report in
        report.epoch = epoch
        report.generation = generation
        report.told = Int32(clamping: record.proxies.count)
        report.acknowledged = Int32(clamping: record.count(.acknowledged))
        report.rejected = Int32(clamping: record.count(.rejected))
        report.storedUs = record.stored
        report.translatedUs = record.translated
        report.toldUs = record.told
        report.acknowledgedUs = record.acknowledged
      }
    }
  }
}
