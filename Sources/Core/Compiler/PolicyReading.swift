import Blueprints
import Documents
import Inheritance
import Model

/// What of policies a unit is about: a change of anything else does not touch it.
enum PolicyAspect: Hashable, CaseIterable {
  case everything
  /// What is near.
  case failover
}

/// What an object says about policies: what units that follow inheritance see of it.
struct PolicyKey: Hashable {
  private var profiles: [ResourceRef]
  private var profile: Profile?
  private var layers: [PolicyLayer]
  private var subsets: [SubsetSecuritySetting] = []
  private var failover: FailoverSettings?
  private var created: Revision
  /// Of those who say something only: it is a part of what is made of that.
  private var revision: Revision?

  init(_ resource: Resource, _ aspect: PolicyAspect) {
    profiles = resource.profiles
    layers = resource.defaultLayers + resource.ownLayers
    failover = resource.failover
    if case .profile(let whole) = resource.spec { profile = whole }
    if case .serviceSecuritySetting(let setting) = resource.spec, aspect == .everything {
      subsets = setting.subsets
    }
    if aspect == .failover {
      for index in layers.indices {
        layers[index].values = layers[index].values.filter { $0.key == .failover }
      }
      layers.removeAll { $0.values.isEmpty }
      profile?.defaults.keepFailover()
      profile?.mandates.keepFailover()
    }
    created = resource.created
    let isSilent = profile == nil && layers.isEmpty && failover == nil
    revision = isSilent ? nil : resource.revision
  }
}

extension Profile.Part {
  fileprivate mutating func keepFailover() {
    values = values.filter { $0.key == .failover }
    unset = unset.intersection([.failover])
  }
}

/// Inheritance as units see it: what they looked at is noted.
struct PolicyReader: PolicyLookup {
  var reader: Reader
  let aspect: PolicyAspect

  mutating func policyHolder(_ ref: ResourceRef) -> Resource? {
    reader.policyHolder(ref, aspect)
  }

  mutating func policySetting(of parent: ResourceRef, _ kind: Kind) -> Resource? {
    reader.policySetting(of: parent, kind, aspect)
  }

  mutating func policySetting(
    of service: ServiceName, in group: ResourceRef, _ kind: Kind
  ) -> Resource? {
    reader.policySetting(of: service, in: group, kind, aspect)
  }
}

extension Reader {
  /// What holds at a place of the tree.
  mutating func policy(at place: PolicyPlace) -> EffectivePolicy {
    effective(layers(at: place, .everything))
  }

  /// What is near for those who call services of a place of the tree.
  mutating func failover(at place: PolicyPlace) -> EffectiveProperty? {
    effective(.failover, layers(at: place, .failover))
  }

  private mutating func layers(at place: PolicyPlace, _ aspect: PolicyAspect) -> [PolicyLayer] {
    var lookup = PolicyReader(reader: self, aspect: aspect)
    let layers = policyLayers(of: place, &lookup)
    self = lookup.reader
    return layers
  }

  /// The objects that decide about a property.
  mutating func sources(
    of property: EffectiveProperty?, _ aspect: PolicyAspect = .everything
  ) -> [Source] {
    (property?.sources ?? []).compactMap { policyHolder($0.ref, aspect)?.source }
  }
}

extension PolicySource {
  var fieldPath: FieldPath { path.reduce(FieldPath()) { $0 / $1 } }
}
