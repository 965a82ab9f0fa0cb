import Blueprints
import Documents
import FleetProtos
import Identity
import Model
import Publication

/// An agent said something that no honest agent says; its stream ends.
struct Violation: Error, Hashable, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

// MARK: From the wire, checked

extension ServiceName {
  init(_ key: Rialto_Fleet_V1_ServiceKey) throws(Violation) {
    guard isLabel(key.namespace), isLabel(key.name) else {
      throw Violation("a service's name is not made of labels")
    }
    self.init(namespace: key.namespace, name: key.name)
  }
}

extension ObservedService {
  init(_ service: Rialto_Fleet_V1_Service) throws(Violation) {
    var ports: [ObservedPort] = []
    for port in service.ports {
      guard (1...65_535).contains(port.number),
        ["http", "http2", "grpc", "tcp"].contains(port.protocol), port.name.utf8.count <= 63
      else { throw Violation("a port of \(service.key.name) is not one") }
      ports.append(
        ObservedPort(
          number: Int(port.number), name: port.name, protocolName: port.protocol))
    }
    guard service.ports.count <= 64, service.labels.count <= 64,
      service.serviceAccounts.count <= 256, service.serviceAccounts.allSatisfy(isLabel),
      service.workloads >= 0, service.healthyWorkloads >= 0,
      areBounded(service.labels), service.variants.count <= ObservedService.variantLimit,
      service.variants.allSatisfy({ $0.healthyWorkloads >= 0 && areBounded($0.labels) })
    else { throw Violation("what is said of \(service.key.name) exceeds the limits") }
    self.init(
      ports: ports, labels: service.labels, serviceAccounts: service.serviceAccounts.sorted(),
      workloads: Int(service.workloads), healthyWorkloads: Int(service.healthyWorkloads),
      variants: service.variants.map {
        ObservedVariant(labels: $0.labels, healthyWorkloads: Int($0.healthyWorkloads))
      })
  }
}

/// The gateways of a cluster, sorted by node id.
func observed(_ gateways: Rialto_Fleet_V1_Gateways) throws(Violation) -> [ObservedGateway] {
  guard gateways.items.count <= 64 else { throw Violation("more than 64 gateways") }
  var all: [String: ObservedGateway] = [:]
  for item in gateways.items {
    let gateway = try ObservedGateway(item)
    guard all.updateValue(gateway, forKey: gateway.nodeID) == nil else {
      throw Violation("a gateway is named twice")
    }
  }
  return all.values.sorted { $0.nodeID < $1.nodeID }
}

extension ObservedGateway {
  init(_ gateway: Rialto_Fleet_V1_GatewayInstance) throws(Violation) {
    guard !gateway.nodeID.isEmpty, isShowable(gateway.nodeID, within: 253),
      ["ingress", "east-west", "egress", "edge"].contains(gateway.role),
      isLabel(gateway.namespace), isLabel(gateway.serviceAccount), areBounded(gateway.labels)
    else { throw Violation("a gateway is not one") }
    guard isInstanceAddress(gateway.address), (1...65_535).contains(gateway.port) else {
      throw Violation("a gateway has an address or port at which nobody reaches it")
    }
    self.init(
      nodeID: gateway.nodeID, role: gateway.role, namespace: gateway.namespace,
      serviceAccount: gateway.serviceAccount, labels: gateway.labels, address: gateway.address,
      port: Int(gateway.port), healthy: gateway.healthy)
  }
}

private func areBounded(_ labels: [String: String]) -> Bool {
  labels.count <= 64
    && labels.allSatisfy { isShowable($0.key, within: 317) && isShowable($0.value, within: 253) }
}

extension ProxyState {
  init(_ status: Rialto_Fleet_V1_ProxyStatus) throws(Violation) {
    guard (1...253).contains(status.nodeID.utf8.count) else {
      throw Violation("a proxy has no node id")
    }
    let texts = [
      status.nodeID, status.role, status.namespace, status.service, status.serviceAccount,
      status.version, status.envoyVersion, status.platform, status.hostName,
    ]
    guard texts.allSatisfy({ isShowable($0, within: 253) }), areBounded(status.labels) else {
      throw Violation("what is said of a proxy is too long or cannot be shown")
    }
    self.init(
      nodeID: status.nodeID, role: status.role, namespace: status.namespace,
      service: status.service, serviceAccount: status.serviceAccount, labels: status.labels,
      version: status.version, envoyVersion: status.envoyVersion, connected: status.connected,
      healthy: status.healthy, acknowledgedGeneration: status.acknowledgedGeneration,
      toldGeneration: status.toldGeneration, lastChange: status.lastChangeMs,
      platform: status.platform, hostName: status.hostName)
  }
}

extension ItemRejection {
  init(_ rejection: Rialto_Fleet_V1_Rejection) throws(Violation) {
    guard rejection.key.utf8.count <= 1024, let key = ItemKey(text: rejection.key) else {
      throw Violation("a key names no item")
    }
    guard rejection.nodeIds.count <= 1024,
      (rejection.nodeIds + [rejection.key, rejection.resourceType])
        .allSatisfy({ isShowable($0, within: 1024) }),
      isShowable(rejection.resourceName, within: 4096)
    else { throw Violation("what is said of a rejection is too long or cannot be shown") }
    self.init(
      key: key, hash: StableHash(value: rejection.hash), reason: shown(rejection.reason),
      nodeIDs: rejection.nodeIds, resourceType: rejection.resourceType,
      resourceName: rejection.resourceName)
  }
}

extension GenerationProgress {
  init(_ report: Rialto_Fleet_V1_PropagationReport) throws(Violation) {
    guard report.told >= 0, report.acknowledged >= 0, report.rejected >= 0 else {
      throw Violation("a count is negative")
    }
    self.init(
      generation: report.generation, told: Int(report.told),
      acknowledged: Int(report.acknowledged), rejected: Int(report.rejected),
      storedAfter: report.storedUs, translatedAfter: report.translatedUs,
      toldAfter: report.toldUs, acknowledgedAfter: report.acknowledgedUs)
  }
}

/// `[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?`, by bytes.
func isLabel(_ text: String) -> Bool {
  let bytes = text.utf8
  guard (1...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else {
    return false
  }
  func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
  return isAlphanumeric(first) && isAlphanumeric(last)
    && bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
}

/// Short, and without control characters, which mean something to terminals.
func isShowable(_ text: String, within limit: Int) -> Bool {
  text.utf8.count <= limit && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
}

/// Somebody else's words, fit to be shown.
func shown(_ text: String) -> String {
  String(
    decoding: text.utf8.prefix(4096).map { $0 >= 0x20 && $0 != 0x7f ? $0 : UInt8(ascii: " ") },
    as: UTF8.self)
}

/// JSON that callers of the API get as it is.
func checkedJSON(_ bytes: [UInt8]) throws(Violation) -> [UInt8] {
  do { _ = try JSONParser.document(from: bytes) } catch {
    throw Violation("an answer is not JSON: \(error)")
  }
  return bytes
}
