package import Blueprints
package import Documents
package import Model

/// What changed of the compiler's inputs; nil stands for what is gone.
package struct CompilerChange: Sendable {
  package var objects: [ResourceRef: Resource?]
  /// By cluster.
  package var services: [String: [ServiceName: ObservedService?]]
  /// By cluster: all of its authorities, DER.
  package var authorities: [String: [[UInt8]]]
  /// By cluster: how often all of its authorities were withdrawn.
  package var withdrawals: [String: Int]
  /// By service host.
  package var addresses: [String: String?]
  /// By cluster: all of its gateways.
  package var gateways: [String: [ObservedGateway]]
  /// By cluster: the port at which other clusters' gateways take what is meant for it.
  package var ports: [String: Int?]

  package init(
    objects: [ResourceRef: Resource?] = [:],
    services: [String: [ServiceName: ObservedService?]] = [:],
    authorities: [String: [[UInt8]]] = [:], withdrawals: [String: Int] = [:],
    addresses: [String: String?] = [:], gateways: [String: [ObservedGateway]] = [:],
    ports: [String: Int?] = [:]
  ) {
    self.objects = objects
    self.services = services
    self.authorities = authorities
    self.withdrawals = withdrawals
    self.addresses = addresses
    self.gateways = gateways
    self.ports = ports
  }
}

/// What changed of the compiler's outputs.
package struct CompilationDelta: Sendable {
  package struct Difference: Hashable, Sendable {
    /// Sorted by key.
    package var upserts: [SourcedItem] = []
    /// Sorted.
    package var removals: [ItemKey] = []
  }

  /// By cluster, where something changed.
  package var clusters: [String: Difference] = [:]
  /// By FQN: everything there is to say about an object now, where that changed; sorted.
  package var diagnostics: [String: [Diagnostic]] = [:]
}

/// Everything that an intent and an inventory come to.
package struct Compilation: Hashable, Sendable {
  /// By cluster.
  package var blueprints: [String: Blueprint] = [:]
  /// By the FQN of the object concerned; sorted.
  package var diagnostics: [String: [Diagnostic]] = [:]
}

/// What every cluster must have: the reference that the incremental compiler is held against.
package func compile(_ intent: Intent, against inventory: Inventory) -> Compilation {
  var compiler = IncrementalCompiler()
  let delta = compiler.update(CompilerChange(intent, inventory))
  var compilation = Compilation(diagnostics: delta.diagnostics)
  for (cluster, difference) in delta.clusters {
    compilation.blueprints[cluster] = Blueprint(
      items: Dictionary(difference.upserts.map { ($0.item.key, $0) }) { first, _ in first })
  }
  return compilation
}

extension CompilerChange {
  /// Everything at once.
  package init(_ intent: Intent, _ inventory: Inventory) {
    self.init(
      objects: intent.resources.mapValues { $0 },
      services: inventory.clusters.mapValues { $0.services.mapValues { $0 } },
      authorities: inventory.clusters.mapValues(\.authorities),
      withdrawals: inventory.withdrawals,
      addresses: inventory.addresses.mapValues { $0 },
      gateways: inventory.clusters.mapValues(\.gateways),
      ports: inventory.ports.mapValues { $0 })
  }
}
