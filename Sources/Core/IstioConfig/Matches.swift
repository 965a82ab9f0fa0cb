import Blueprints
import Documents

/// The workloads of a namespace, or of one service of it.
struct Callers {
  var namespace: String
  var service: String?

  var text: String { service.map { "\(namespace)/\($0)" } ?? namespace }
  var key: ItemKey {
    service.map { .workloads(namespace: namespace, service: $0) } ?? .namespace(namespace)
  }
}

/// One `match` of an HTTP route.
struct Match {
  private(set) var members: [String: Document] = [:]
  /// Why Istio cannot say what is meant; nil: it can.
  private(set) var obstacle: String?

  /// - Parameters:
  ///   - port: nil where there is no other.
  ///   - callers: whose calls are meant; nil: everybody's.
  init(_ conditions: RequestConditions, port: Int?, from callers: Callers? = nil) {
    if let path = conditions.path { members["uri"] = text(path) }
    if !conditions.morePaths.isEmpty {
      obstacle = "two conditions on one path, a regular expression among them"
    }
    if let port { members["port"] = .integer(Int64(port)) }
    if let callers {
      members["sourceNamespace"] = .string(callers.namespace)
      if let service = callers.service {
        members["sourceLabels"] = ["service.istio.io/canonical-name": .string(service)]
      }
    }
    var headers: [String: Document] = [:]
    for header in conditions.headers { add(header, to: &headers) }
    if !headers.isEmpty { members["headers"] = .object(headers) }
  }

  private mutating func add(_ header: HeaderMatch, to headers: inout [String: Document]) {
    // What HTTP/2 calls a header has a field of its own, and plain headers of these names are ignored.
    let own = [":authority": "authority", ":method": "method", ":scheme": "scheme"]
    if let field = own[header.name] {
      guard members[field] == nil else { return refuse("two conditions on \(header.name)") }
      members[field] = text(header.value)
    } else if header.name == ":path" {
      refuse("a condition on the header :path, with the query in it")
    } else if ["uri", "scheme", "method", "authority"].contains(header.name) {
      refuse("a condition on a header called \(header.name)")
    } else if headers[header.name] != nil {
      guard headers[header.name] != text(header.value) else { return }
      refuse("two conditions on the header \(header.name)")
    } else {
      headers[header.name] = text(header.value)
    }
  }

  private mutating func refuse(_ reason: String) { obstacle = obstacle ?? reason }

  private func text(_ match: TextMatch) -> Document {
    switch match {
    case .exact(let text): ["exact": .string(text)]
    case .prefix(let text): ["prefix": .string(text)]
    case .regex(let pattern): ["regex": .string(pattern)]
    }
  }
}

/// The routes of one virtual service, in order.
struct HTTPRoutes {
  private(set) var documents: [Document] = []
  private(set) var obstacles: [String] = []
  /// Something refuses requests that Istio cannot tell from others: nothing more is let through.
  private var isClosed = false

  /// A route for requests that meet one of `matches`; without those that Istio cannot express, and
  /// not at all when none is left, because a wider route would take requests that are not meant. When
  /// one that lets nobody through falls out in part, whatever follows is refused.
  mutating func append(
    _ name: String, when matches: [Match], _ action: [String: Document], isRefusal: Bool = false
  ) {
    guard !isClosed else { return }
    obstacles += matches.compactMap(\.obstacle).map { "route \(name): \($0)" }
    let usable = matches.filter { $0.obstacle == nil }
    defer { if isRefusal, usable.count < matches.count { close(after: name) } }
    guard !usable.isEmpty else { return }
    var route = action
    route["name"] = .string(name)
    if !usable.contains(where: \.members.isEmpty) {
      route["match"] = .list(usable.map { .object($0.members) })
    }
    documents.append(.object(route))
  }

  private mutating func close(after name: String) {
    isClosed = true
    obstacles.append("route \(name): it refuses requests, so everything after it is refused")
    documents.append(["name": "refused", "directResponse": ["status": 503]])
  }
}

/// Milliseconds, in the form that every version of Istio reads.
func seconds(_ milliseconds: Int) -> Document {
  let (whole, rest) = max(milliseconds, 1).quotientAndRemainder(dividingBy: 1000)
  guard rest != 0 else { return .string("\(whole)s") }
  let digits = String(rest)
  return .string("\(whole).\(String(repeating: "0", count: 3 - digits.utf8.count))\(digits)s")
}

extension CallRule {
  /// What an HTTP route says about time and repetition.
  func members(timeout: Int? = nil) -> [String: Document] {
    var members: [String: Document] = [:]
    if let limit = timeout ?? self.timeout { members["timeout"] = seconds(limit) }
    if let retries {
      var retry: [String: Document] = ["attempts": .integer(Int64(max(retries.attempts, 0)))]
      if retries.attempts > 0 {
        if let limit = retries.perTryTimeout { retry["perTryTimeout"] = seconds(limit) }
        if !retries.conditions.isEmpty {
          retry["retryOn"] = .string(retries.conditions.joined(separator: ","))
        }
      }
      members["retries"] = .object(retry)
    }
    return members
  }
}
