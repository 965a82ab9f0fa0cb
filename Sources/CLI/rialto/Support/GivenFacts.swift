import Blueprints
import Documents
import Model

// What only agents know of a mesh, as options say it.

/// `shop/orders:8080/http`: a service that runs in the cluster.
struct GivenService: Hashable, Sendable {
  var name: ServiceName
  var ports: [ObservedPort]

  init(name: ServiceName, ports: [(number: Int, protocolName: String)]) {
    self.name = name
    self.ports = ports.map {
      ObservedPort(
        number: $0.number, name: "\($0.protocolName)-\($0.number)", protocolName: $0.protocolName)
    }
  }

  /// nil when the text is none.
  init?(text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let names = (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
      .map(String.init)
    guard names.count == 2, names.allSatisfy({ !$0.isEmpty }), parts.count == 2 else { return nil }
    var ports: [(number: Int, protocolName: String)] = []
    for port in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
      let words = port.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard let number = Int(words[0]), (1...65_535).contains(number), words.count <= 2 else {
        return nil
      }
      let protocolName = words.count == 2 ? words[1] : "http"
      guard PortProtocol(rawValue: protocolName) != nil else { return nil }
      ports.append((number, protocolName))
    }
    self.init(name: ServiceName(namespace: names[0], name: names[1]), ports: ports)
  }

  /// One workload, healthy, with a service account of the service's own.
  var observed: ObservedService {
    ObservedService(
      ports: ports, serviceAccounts: [name.name], workloads: 1, healthyWorkloads: 1)
  }
}

/// `west=198.18.2.2,198.18.2.3`: where the gateways of a cluster are reached from other networks.
struct GivenGateways: Hashable, Sendable {
  enum Role: String { case eastWest = "east-west", edge }

  var cluster: String
  var role: Role
  var addresses: [String]

  /// nil when the text is none.
  init?(text: String, role: Role) {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty else { return nil }
    let addresses = parts[1].split(separator: ",", omittingEmptySubsequences: false)
      .map(String.init)
    guard addresses.allSatisfy({ IPv4Address($0) != nil }) else { return nil }
    cluster = parts[0]
    self.role = role
    self.addresses = addresses
  }

  /// At every address a gateway that each of the selectors selects.
  func observed(selectedBy selectors: [WorkloadSelector]) -> [ObservedGateway] {
    addresses.flatMap { address in
      selectors.enumerated().map { index, selector in
        ObservedGateway(
          nodeID: "\(role.rawValue)-\(address)-\(index)", role: role.rawValue,
          namespace: selector.namespace, serviceAccount: "", labels: selector.labels,
          address: address, port: MeshPort.eastWest, healthy: true)
      }
    }
  }
}
