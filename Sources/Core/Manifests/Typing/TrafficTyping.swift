import Documents
import Model

extension TrafficSetting {
  init(_ spec: Cursor, _ report: inout Report) {
    let inbound = spec["inbound"]
    let outbound = spec["outbound"]
    func current(_ place: Cursor?, _ name: String, _ report: inout Report) -> Cursor? {
      guard let old = spec[name] else { return place?[name] }
      guard let new = place?[name] else { return old }
      report.add(
        .contradiction, at: old.path, "\(new.path.text) is there too; keep that one")
      return new
    }
    var others: [PolicyProperty: Document] = [:]
    others[.egress] = current(outbound, "egress", &report)?.value
    others[.rateLimiting] = current(inbound, "rateLimiting", &report)?.value
    others[.inboundResilience] =
      inbound?["resilience"]?.value ?? spec["resilience"]?.downstreamKeepAlive
    self.init(
      reachability: current(outbound, "reachability", &report).flatMap {
        Reachability($0, &report)
      },
      upstreams: upstreamSettings(spec, outbound),
      failover: inbound?["failoverSettings"].map { FailoverSettings($0) }, others: others)
  }
}

extension ServiceTrafficSetting {
  init?(_ spec: Cursor, _ report: inout Report) {
    guard let service = spec["service"]?.text.flatMap(serviceName), let settings = spec["settings"]
    else { return nil }
    self.init(service: service, setting: TrafficSetting(settings, &report))
  }
}

/// nil when nothing is said.
private func upstreamSettings(_ spec: Cursor, _ outbound: Cursor?) -> [UpstreamSetting]? {
  let lists = [outbound?["upstreamTrafficSettings"], spec["upstreamTrafficSettings"]]
  var upstreams = lists.compactMap { $0 }.flatMap(\.elements).map { UpstreamSetting($0) }
  if let old = spec["resilience"] {
    // The general setting comes last, so that every entry with hosts goes before it.
    upstreams.append(
      UpstreamSetting(
        hosts: ["*"], requestTimeout: old["httpRequestTimeout"]?.duration,
        retries: old["httpRetries"].flatMap { RetrySetting($0) }, others: old.unifiedResilience))
  } else if lists.allSatisfy({ $0 == nil }) {
    return nil
  }
  return upstreams
}

extension Cursor {
  private var keepAlive: Cursor? { (self["keepAlive"] ?? self["tcpKeepalive"])?["tcp"] }

  /// What `resilience` said once, as `inbound.resilience` says it.
  fileprivate var downstreamKeepAlive: Document? {
    keepAlive?["downstream"].map { ["connectionPool": ["tcp": ["keepAlive": $0.value]]] }
  }

  /// What has no effect yet of what `resilience` said once, as the settings of an upstream say it.
  fileprivate var unifiedResilience: Document? {
    var resilience: [String: Document] = [:]
    resilience["circuitBreakerSensitivity"] = self["circuitBreakerSensitivity"]?.value
    if let upstream = keepAlive?["upstream"] {
      resilience["connectionPool"] = ["tcp": ["keepAlive": upstream.value]]
    }
    return resilience.isEmpty ? nil : ["resilience": .object(resilience)]
  }
}

extension Reachability {
  fileprivate init?(_ value: Cursor, _ report: inout Report) {
    let mode = value["mode"]?.text ?? "UNSET"
    let hosts = (value["hosts"]?.elements ?? []).compactMap { $0.text.flatMap(reachHost(from:)) }
    if mode != "CUSTOM", value["hosts"] != nil {
      report.add(.incomplete, at: value.path / "hosts", "hosts take effect with mode CUSTOM only")
    }
    switch mode {
    case "NAMESPACE": self = .namespace
    case "GROUP": self = .group
    case "WORKSPACE": self = .workspace
    case "CLUSTER": self = .cluster
    case "CUSTOM":
      if value["hosts"] == nil {
        report.add(.incomplete, at: value.path, "mode CUSTOM needs hosts")
      }
      self = .custom(hosts: hosts)
    default: return nil
    }
  }
}

extension UpstreamSetting {
  fileprivate init(_ value: Cursor) {
    let http = value["settings"]?["resilience"]?["connectionPool"]?["http"]
    self.init(
      hosts: (value["hosts"]?.elements ?? []).compactMap { $0.text.map(meshHost) },
      requestTimeout: http?["requestTimeout"]?.duration,
      retries: http?["retries"].flatMap { RetrySetting($0) },
      others: value["settings"]?.value.withoutCalls)
  }
}

extension Document {
  /// The settings of an upstream without what the mesh follows already.
  fileprivate var withoutCalls: Document? {
    removing(["resilience", "connectionPool", "http", "requestTimeout"])?
      .removing(["resilience", "connectionPool", "http", "retries", "attempts"])?
      .removing(["resilience", "connectionPool", "http", "retries", "perTryTimeout"])?
      .removing(["resilience", "connectionPool", "http", "retries", "retryOn"])
  }

  /// Without the member at a path, and without the objects that this empties; nil when that is all.
  private func removing(_ path: ArraySlice<String>) -> Document? {
    guard case .object(var members) = self, let first = path.first else { return self }
    if path.count == 1 {
      members[first] = nil
    } else if let inner = members[first] {
      members[first] = inner.removing(path.dropFirst())
    }
    return members.isEmpty ? nil : .object(members)
  }

  private func removing(_ path: [String]) -> Document? { removing(path[...]) }
}

extension RetrySetting {
  fileprivate init?(_ value: Cursor) {
    guard let attempts = value["attempts"]?.integer else { return nil }
    self.init(
      attempts: attempts, perTryTimeout: value["perTryTimeout"]?.duration,
      retryOn: value["retryOn"]?.text.map(retryConditions) ?? [])
  }
}

extension ServiceRoute {
  init?(_ spec: Cursor, _ report: inout Report) {
    guard let service = spec["service"]?.text.flatMap(serviceName) else { return nil }
    let subsets = spec["subsets"]?.elements ?? []
    let routes = spec["httpRoutes"]?.elements ?? []
    reportRepetition(of: "name", among: subsets, &report)
    reportRepetition(of: "name", among: routes, &report)
    if subsets.contains(where: { $0["weight"] != nil }) {
      checkWeights(subsets.map { $0["weight"]?.integer ?? 0 }, at: spec.path / "subsets", &report)
    }
    let names = subsets.compactMap { $0["name"]?.text }
    let context = RouteContext(service: service, subsets: names)
    self.init(
      service: service,
      subsets: subsets.compactMap { subset in
        guard let name = subset["name"]?.text else { return nil }
        return Subset(
          name: name, labels: subset["labels"]?.texts ?? [:], weight: subset["weight"]?.integer)
      },
      routes: routes.compactMap { HTTPRoute($0, in: context, &report) })
  }
}

/// What a route may refer to.
private struct RouteContext {
  let service: ServiceName
  let subsets: [String]
}

private func checkWeights(_ weights: [Int], at path: FieldPath, _ report: inout Report) {
  // Each is at most 100 and a text holds few of them, so the sum cannot overflow.
  let sum = weights.reduce(0, +)
  if sum != 100 { report.add(.weights, at: path, "the weights add up to \(sum), not 100") }
}

extension HTTPRoute {
  fileprivate init?(_ value: Cursor, in context: RouteContext, _ report: inout Report) {
    // Who decides where the requests go instead is not followed yet.
    guard let name = value["name"]?.text, value["flagger"] == nil else { return nil }
    let destinations = value["destination"]?.elements ?? []
    if destinations.count > 1 {
      checkWeights(
        destinations.map { $0["weight"]?.integer ?? 0 }, at: value.path / "destination", &report)
    } else if let only = destinations.first?["weight"], only.integer != 100 {
      report.add(.weights, at: only.path, "the only destination of a route gets 100 percent")
    }
    self.init(
      name: name,
      matches: (value["match"]?.elements ?? []).map { HTTPMatch($0, &report) },
      destinations: destinations.map { RouteDestination($0, in: context, &report) })
  }
}

extension RouteDestination {
  fileprivate init(_ value: Cursor, in context: RouteContext, _ report: inout Report) {
    let service = value["destinationHost"]?.text.flatMap(serviceName)
    let isOwn = service == nil || service == context.service
    if let subset = value["subset"], let name = subset.text {
      if !isOwn {
        report.add(
          .unknownSubset, at: subset.path,
          "subsets belong to \(context.service.host) and cannot be used with another service")
      } else if !context.subsets.contains(name) {
        report.add(
          .unknownSubset, at: subset.path,
          "no subset '\(shown(name))' in this ServiceRoute" + didYouMean(name, of: context.subsets))
      }
    }
    self.init(
      service: isOwn ? nil : service, port: value["port"]?.integer,
      subset: value["subset"]?.text, weight: value["weight"]?.integer ?? 100)
  }
}

extension HTTPMatch {
  init(_ value: Cursor, _ report: inout Report) {
    var headers: [String: StringMatch] = [:]
    for (name, condition) in value["headers"]?.members ?? [] {
      guard let match = StringMatch(condition) else { continue }
      if headers.updateValue(match, forKey: asciiLowercased(name)) != nil {
        report.add(
          .repeated, at: condition.path, "header names differ in more than their capitals")
      }
    }
    self.init(
      name: value["name"]?.text, uri: value["uri"].flatMap(StringMatch.init), headers: headers,
      port: value["port"]?.integer)
  }
}

extension StringMatch {
  init?(_ value: Cursor) {
    if let text = value["exact"]?.text {
      self = .exact(text)
    } else if let text = value["prefix"]?.text {
      self = .prefix(text)
    } else if let text = value["regex"]?.text {
      self = .regex(text)
    } else {
      return nil
    }
  }
}
