import Blueprints
import EnvoyProtos
import SwiftProtobuf

extension ServicePlan {
  /// The instances behind each cluster of this service.
  func endpointAssignments(of instances: [LocalEndpoint]) -> [EnvoyResource] {
    let sorted = instances.sorted { ($0.address, $0.ports) < ($1.address, $1.ports) }
    return callablePorts.map { port, subset in
      let name = EnvoyName.outbound(host: host, port: port.number, subset: subset?.name)
      let members = sorted.filter { instance in
        instance.ports.contains(port.number)
          && (subset?.labels ?? [:]).allSatisfy { instance.labels[$0.key] == $0.value }
      }
      let assignment = ClusterLoadAssignment.with {
        $0.clusterName = name
        if !members.isEmpty {
          $0.endpoints = [
            .with { $0.lbEndpoints = members.map { LbEndpoint($0, port: port.number) } }
          ]
        }
      }
      return EnvoyResource(.endpoints, name, assignment, from: [ServiceKey(self).item])
    }
  }
}

private func < (left: (String, [Int]), right: (String, [Int])) -> Bool {
  if left.0 != right.0 { return left.0.utf8.lexicographicallyPrecedes(right.0.utf8) }
  return left.1.lexicographicallyPrecedes(right.1)
}

extension LbEndpoint {
  fileprivate init(_ instance: LocalEndpoint, port: Int) {
    self = .with {
      $0.endpoint.address = Address(instance.address, port: port)
      $0.healthStatus = instance.healthy ? .healthy : .unhealthy
    }
  }
}
