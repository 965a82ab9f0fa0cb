import Model

// The small languages inside text fields: services, hosts, accounts, selectors. Each has one parser,
// which the check of the format and the typed model share.

/// `shop/orders`, `shop/orders.shop.mesh`, or as Kubernetes names it,
/// `shop/orders.shop.svc.cluster.local`.
func serviceName(_ text: String) -> ServiceName? {
  let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
  guard parts.count == 2, isDNSLabel(parts[0]) else { return nil }
  let namespace = String(decoding: Array(parts[0]), as: UTF8.self)
  let labels = parts[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  switch labels.count {
  case 1: break
  case 3, 5:
    let domain = labels[2...].map { String(decoding: Array($0), as: UTF8.self) }
    guard labels[1].elementsEqual(namespace.utf8),
      [["mesh"], ["svc"], ["svc", "cluster", "local"]].contains(domain)
    else { return nil }
  default: return nil
  }
  guard isDNSLabel(labels[0]) else { return nil }
  return ServiceName(namespace: namespace, name: String(decoding: Array(labels[0]), as: UTF8.self))
}

/// `./*`, `shop/*`, `shop/orders`, `*/orders`, `*/*`; services also by their host name.
func reachHost(from text: String) -> ReachHost? {
  let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
  guard parts.count == 2 else { return nil }
  let namespace = String(decoding: Array(parts[0]), as: UTF8.self)
  let service = String(decoding: Array(parts[1]), as: UTF8.self)
  guard namespace == "." || namespace == "*" || isDNSLabel(parts[0]) else { return nil }
  if service == "*" { return ReachHost(namespace: namespace, service: nil) }
  if isDNSLabel(parts[1]) { return ReachHost(namespace: namespace, service: service) }
  guard let named = serviceName(text) else { return nil }
  return ReachHost(namespace: named.namespace, service: named.name)
}

/// `shop/web`, `shop/*`, `./*`.
func serviceAccountPattern(_ text: String) -> ServiceAccountPattern? {
  let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
  guard parts.count == 2 else { return nil }
  let namespace = String(decoding: Array(parts[0]), as: UTF8.self)
  let account = String(decoding: Array(parts[1]), as: UTF8.self)
  guard namespace == "." || isDNSLabel(parts[0]) else { return nil }
  if account == "*" { return ServiceAccountPattern(namespace: namespace, account: nil) }
  guard isDNSLabel(parts[1]) else { return nil }
  return ServiceAccountPattern(namespace: namespace, account: account)
}

/// `*/shop`, `east/shop`, `east/*`, `*/*`, `east/shop*`.
func namespaceTerm(_ text: String) -> NamespaceSelector.Term? {
  guard namespaceTermProblem(text) == nil else { return nil }
  let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
  let cluster = String(decoding: Array(parts[0]), as: UTF8.self)
  return NamespaceSelector.Term(
    cluster: cluster == "*" ? nil : cluster,
    namespace: String(decoding: Array(parts[1]), as: UTF8.self))
}

func namespaceTermProblem(_ text: String) -> String? {
  let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
  let advice = "write CLUSTER/NAMESPACE, '*' for every cluster, '*' at the end of a namespace"
  guard parts.count == 2 else { return "selects no namespaces; \(advice)" }
  guard parts[0].elementsEqual("*".utf8) || isDNSLabel(parts[0]) else {
    return "names no cluster before the slash; \(advice)"
  }
  if parts[1].last == UInt8(ascii: "*") {
    let prefix = parts[1].dropLast()
    let isPrefix = prefix.allSatisfy { isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
    return isPrefix && prefix.first != UInt8(ascii: "-") && prefix.count <= 62
      ? nil : "names no namespaces after the slash; \(advice)"
  }
  return isDNSLabel(parts[1]) ? nil : "names no namespace after the slash; \(advice)"
}

/// The host of a service as it is called here: `orders.shop.svc.cluster.local` is
/// `orders.shop.mesh`.
func meshHost(_ text: String) -> String {
  let kubernetes = ".svc.cluster.local"
  guard text.utf8.hasSuffix(kubernetes) else { return text }
  return String(decoding: text.utf8.dropLast(kubernetes.utf8.count), as: UTF8.self) + ".mesh"
}

/// A name as it is called here: capitals and underscores were good in old installations.
@Sendable func convertedName(_ text: String) -> String? {
  let bytes = text.utf8.map { byte in
    byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : asciiLowercased(byte)
  }
  return isDNSLabel(bytes) ? String(decoding: bytes, as: UTF8.self) : nil
}

@Sendable func convertedFQN(_ text: String) -> String? {
  let segments = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    .map { String(decoding: $0, as: UTF8.self) }
  let converted = segments.map(convertedName)
  return converted.contains(nil) ? nil : converted.compactMap { $0 }.joined(separator: "/")
}

/// `organizations/acme/securitydomains/payments`.
func isDomain(_ text: String) -> Bool {
  let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
  return parts.count == 4 && parts[0].elementsEqual("organizations".utf8)
    && parts[2].elementsEqual("securitydomains".utf8) && isDNSLabel(parts[1])
    && isDNSLabel(parts[3])
}

/// The properties that a field of `unsetFields` stands for.
func unsetProperties(_ text: String) -> Set<PolicyProperty> {
  let steps = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    .map { String(decoding: $0, as: UTF8.self) }
  return Set(PolicyProperty.allCases.filter { $0.profilePath?.starts(with: steps) == true })
}

func fqnProblem(_ text: String) -> String? {
  guard let ref = ResourceRef(fqn: text) else {
    return "is no FQN; write it like organizations/acme/tenants/web/workspaces/shop"
  }
  return areNames(ref.names, of: ref.kind)
    ? nil : "has a name in it that is no DNS label"
}

/// Whether an object of a kind may have the name.
func isName(_ text: String, of kind: Kind) -> Bool {
  guard kind == .service else { return isDNSLabel(text.utf8) }
  return ServiceName(fullName: text).map {
    isDNSLabel($0.name.utf8) && isDNSLabel($0.namespace.utf8)
  } ?? false
}

/// Whether an object of a kind and its ancestors may have the names.
func areNames(_ names: [String], of kind: Kind) -> Bool {
  zip(kind.ancestry, names).allSatisfy { isName($1, of: $0) }
}

func pathProblem(_ text: String) -> String? {
  guard text.utf8.first == UInt8(ascii: "/") else { return "does not begin with '/'" }
  for byte in text.utf8
  where byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "?")
    || byte == UInt8(ascii: "#")
  {
    return "holds a byte that no path has; write it percent-encoded, without query and fragment"
  }
  return nil
}

func headerNameProblem(_ text: String) -> String? {
  if [":authority", ":method", ":scheme"].contains(text) { return nil }
  let isToken = text.utf8.allSatisfy { isAlphanumeric($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }
  return !text.utf8.isEmpty && isToken ? nil : "is no header name"
}

/// The networks of `net2, net3`, in order; none in an empty text.
func networkNames(_ text: String) -> [String] {
  let parts = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    .map { String(decoding: $0.filter { $0 != 0x20 }, as: UTF8.self) }
  return parts == [""] ? [] : parts
}

/// The words of Envoy's `x-envoy-retry-on` and `x-envoy-retry-grpc-on`.
let retryConditionNames = [
  "5xx", "cancelled", "connect-failure", "deadline-exceeded", "envoy-ratelimited", "gateway-error",
  "internal", "refused-stream", "reset", "reset-before-request", "resource-exhausted",
  "retriable-4xx", "unavailable",
]

/// Conditions in order, without the space around commas; status codes stand for themselves.
func retryConditions(_ text: String) -> [String] {
  text.utf8.split(separator: UInt8(ascii: ",")).map { part in
    String(decoding: part.filter { $0 != 0x20 }, as: UTF8.self)
  }.filter { !$0.utf8.isEmpty }
}

func retryConditionProblem(_ text: String) -> String? {
  for condition in retryConditions(text) where !retryConditionNames.contains(condition) {
    let isStatus = condition.utf8.count == 3 && condition.utf8.allSatisfy(isDigit)
    if isStatus, let status = Int(condition), (400...599).contains(status) { continue }
    return "holds the unknown condition '\(shown(condition))'"
      + didYouMean(condition, of: retryConditionNames)
  }
  return nil
}
