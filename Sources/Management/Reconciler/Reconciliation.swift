import BlueprintCoding
import Blueprints
import Compiler
import Documents
import Manifests
import Model
import Publication
import Storage

/// What the reconciler knows between two batches: a value without input or output.
struct Reconciliation {
  struct Outcome {
    var differences: [String: Publication.Difference] = [:]
    /// By FQN: everything there is to say about an object now, where that changed.
    var problems: [String: [Diagnostic]] = [:]
    /// Items that are held back since this batch, or again.
    var defects: [HeldItem] = []
    var computedUnits = 0
    /// What was encoded last under a key, the newest last. Many items are the same in many clusters;
    /// they are encoded once, and shared.
    fileprivate var encodings: [ItemKey: [Encoding]] = [:]
  }

  fileprivate struct Encoding {
    var item: SourcedItem
    var encoded: EncodedItem
  }

  struct HeldItem: Hashable {
    var cluster: String
    var key: ItemKey
    var message: String
  }

  private(set) var compiler = IncrementalCompiler()
  /// The authorities of clusters whose ports are not handed out.
  private(set) var strangers: [String: [[UInt8]]] = [:]
  private var authorities: [String: [[UInt8]]] = [:]
  private var ports: Set<String> = []
  /// By FQN.
  private var unreadable: [String: [Diagnostic]] = [:]
  private var compilation: [String: [Diagnostic]] = [:]
  /// By the object that a held item came from.
  private var held: [String: Set<Place>] = [:]
  /// Held items and why; what was published before them stays in force.
  private var defective: [Place: Defective] = [:]

  private struct Place: Hashable {
    var cluster: String
    var key: ItemKey
  }

  private struct Defective {
    var message: String
    var objects: [String]
  }

  mutating func take(_ batch: Store.Batch) -> Outcome {
    var outcome = Outcome()
    var changed: Set<String> = []
    let delta = compiler.update(change(batch, &changed))
    outcome.computedUnits = compiler.computedUnits
    for (fqn, diagnostics) in delta.diagnostics {
      compilation[fqn] = diagnostics.isEmpty ? nil : diagnostics
      changed.insert(fqn)
    }
    noteStrangers(batch)
    let before = defective
    for (cluster, difference) in delta.clusters {
      for key in difference.removals { release(Place(cluster: cluster, key: key), &changed) }
      outcome.differences[cluster] = Publication.Difference(removals: difference.removals)
    }
    for (cluster, difference) in delta.clusters {
      for item in difference.upserts { admit(item, cluster, &outcome, &changed) }
    }
    // What was missing from a held item may have come without changing the item itself.
    for place in before.keys where defective[place] != nil {
      guard let item = compiler.item(place.key, in: place.cluster) else { continue }
      let isIn = outcome.differences[place.cluster]?.upserts.contains { $0.key == place.key }
      if isIn != true { admit(item, place.cluster, &outcome, &changed) }
    }
    for fqn in changed { outcome.problems[fqn] = problems(of: fqn) }
    return outcome
  }

  private mutating func noteStrangers(_ batch: Store.Batch) {
    guard !batch.authorities.isEmpty || !batch.ports.isEmpty else { return }
    for (cluster, certificates) in batch.authorities {
      authorities[cluster] = certificates.isEmpty ? nil : certificates
    }
    for (cluster, port) in batch.ports {
      if port == nil { ports.remove(cluster) } else { ports.insert(cluster) }
    }
    strangers = authorities.filter { !ports.contains($0.key) }
  }

  // MARK: Reading what is stored

  private mutating func change(
    _ batch: Store.Batch, _ changed: inout Set<String>
  ) -> CompilerChange {
    var change = CompilerChange(
      services: batch.services, authorities: batch.authorities, withdrawals: batch.withdrawals,
      addresses: batch.addresses, gateways: batch.gateways, ports: batch.ports)
    for (ref, stored) in batch.objects {
      let fqn = ref.fqn
      changed.insert(fqn)
      guard let stored else {
        unreadable[fqn] = nil
        change.objects.updateValue(nil, forKey: ref)
        continue
      }
      let read = resource(
        from: stored.manifest, ref: ref, revision: stored.revision, created: stored.created)
      if let resource = read.value {
        change.objects.updateValue(resource, forKey: ref)
        // It was accepted once, and it is in force: whether it works is for Envoy to say.
        // What has no effect yet stands in the object's status by itself.
        unreadable[fqn] = read.diagnostics
          .filter { $0.code != ManifestCode.noEffectYet.rawValue }
          .map { $0.with(.warning, subject: fqn) }
      } else {
        // Without a change the compiler goes on with the object as it last was.
        unreadable[fqn] = read.diagnostics.map { $0.with($0.severity, subject: fqn) }
      }
      if unreadable[fqn]?.isEmpty == true { unreadable[fqn] = nil }
    }
    return change
  }

  // MARK: Holding back what is defective

  private mutating func admit(
    _ item: SourcedItem, _ cluster: String, _ outcome: inout Outcome,
    _ changed: inout Set<String>
  ) {
    let place = Place(cluster: cluster, key: item.item.key)
    let compiler = compiler
    let found = defects(of: item.item, under: place.key) {
      compiler.item($0, in: cluster)?.item
    }
    guard found.isEmpty, let encoded = outcome.encoding(of: item, under: place.key) else {
      let message =
        found.isEmpty ? "cannot be encoded" : found.map(\.message).joined(separator: "; ")
      hold(place, Defective(message: message, objects: item.sources.map(\.fqn)), &changed)
      outcome.defects.append(HeldItem(cluster: cluster, key: place.key, message: message))
      return
    }
    release(place, &changed)
    outcome.differences[cluster, default: Publication.Difference()].upserts.append(encoded)
  }

  private mutating func hold(
    _ place: Place, _ defect: Defective, _ changed: inout Set<String>
  ) {
    release(place, &changed)
    defective[place] = defect
    for fqn in defect.objects {
      held[fqn, default: []].insert(place)
      changed.insert(fqn)
    }
  }

  private mutating func release(_ place: Place, _ changed: inout Set<String>) {
    guard let defect = defective.removeValue(forKey: place) else { return }
    for fqn in defect.objects {
      held[fqn]?.remove(place)
      if held[fqn]?.isEmpty == true { held[fqn] = nil }
      changed.insert(fqn)
    }
  }

  private func problems(of fqn: String) -> [Diagnostic] {
    let places = (held[fqn] ?? []).sorted { ($0.cluster, $0.key) < ($1.cluster, $1.key) }
    let defects = places.compactMap { place in
      defective[place].map { defect in
        Diagnostic(
          code: "RL3101", subject: fqn,
          message: "\(place.key.text) for cluster \(place.cluster) is held back: \(defect.message)")
      }
    }
    return (unreadable[fqn] ?? []) + (compilation[fqn] ?? []) + defects
  }
}

extension Reconciliation.Outcome {
  /// As a service that one cluster has and others see, in two regions.
  private static let variants = 4

  /// Nil when the item cannot be encoded.
  fileprivate mutating func encoding(of item: SourcedItem, under key: ItemKey) -> EncodedItem? {
    let known = encodings[key] ?? []
    if let same = known.last(where: { $0.item == item }) { return same.encoded }
    let alike = known.last { $0.item.item == item.item }?.encoded
    guard
      let made = alike.map({ ($0.bytes, $0.hash) }) ?? (try? ItemCoding.encode(item.item))
    else { return nil }
    let encoded = EncodedItem(key: key, hash: made.1, bytes: made.0, sources: item.sources)
    encodings[key] =
      known.suffix(Self.variants - 1) + [
        Reconciliation.Encoding(item: item, encoded: encoded)
      ]
    return encoded
  }
}

extension Diagnostic {
  fileprivate func with(_ severity: Severity, subject: String) -> Diagnostic {
    var copy = self
    copy.severity = severity
    copy.subject = subject
    return copy
  }
}
