import Manifests

/// Something of that name is not there; perhaps something of nearly that name is.
func missing(
  _ what: String, _ name: String, of names: [String], advice: String
) -> Failure {
  let near = nearest(to: name, of: names).map { "Did you mean '\($0)'? " } ?? ""
  return Failure(.failed, .missing, "there is no \(what) '\(name)'", advice: "\(near)\(advice)")
}
