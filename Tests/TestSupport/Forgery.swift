package import Identity

/// The ways in which the holder of one authority's key may try to speak for another trust domain.
package struct Forgery: Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// Which names the certificate has, in this order.
  package enum Names: String, Hashable, Sendable, CaseIterable {
    case ownThenOther = "own, other"
    case otherThenOwn = "other, own"
    case otherOnly = "other"
  }

  /// Which certificates lead from it to the stolen authority.
  package enum Path: String, Hashable, Sendable, CaseIterable {
    case direct = "signed by the authority"
    case twin = "with a twin of the authority that has no constraint"
    case subordinate = "through an authority below it that has no constraint"
  }

  package var names: Names
  package var path: Path

  package static var allCases: [Forgery] {
    Names.allCases.flatMap { names in Path.allCases.map { Forgery(names: names, path: $0) } }
  }

  package var description: String { "[\(names.rawValue)] \(path.rawValue)" }

  /// - Parameters:
  ///   - stolen: the authority whose key the forger has.
  ///   - own: a name of the authority's trust domain.
  ///   - other: the name that it must not be able to give.
  /// - Returns: the chain (DER, leaf first) and the leaf's key.
  package func make(
    stolen: Forger.Issuer, own: String, other: String
  ) throws -> (chain: [[UInt8]], key: PrivateKey) {
    let uris =
      switch names {
      case .ownThenOther: [own, other]
      case .otherThenOwn: [other, own]
      case .otherOnly: [other]
      }
    let issuer =
      switch path {
      case .direct: stolen
      case .twin: try Forger.twin(of: stolen)
      case .subordinate: try Forger.subordinate(of: stolen)
      }
    let forger = Forger(issuer: issuer, uris: uris)
    let chain = try forger.chain()
    return (path == .subordinate ? chain + [stolen.certificate] : chain, forger.key)
  }
}
