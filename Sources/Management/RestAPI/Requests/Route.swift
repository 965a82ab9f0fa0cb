import HTTPTypes
import Model
import Operations

/// What a path means.
enum Route: Hashable {
  /// Answers without a credential: health, and what makes the sign-in page.
  case open(OpenRoute)
  case secured(SecuredRoute)

  /// The route of a path without its query. Nothing is decoded: every name of ours is plain, and
  /// what is not plain names nothing.
  init?(path: String) {
    if let open = OpenRoute(path: path) {
      self = .open(open)
    } else if let secured = SecuredRoute(path: path) {
      self = .secured(secured)
    } else {
      return nil
    }
  }

  /// HEAD and OPTIONS come by themselves.
  var methods: [HTTPRequest.Method] {
    switch self {
    case .open: [.get]
    case .secured(let route): route.methods
    }
  }

  /// The kind of the objects here, where they are observed and not written.
  var observedKind: Kind? {
    switch self {
    case .secured(.object(let ref)) where ref.kind.isObserved: ref.kind
    case .secured(.collection(let collection)) where collection.kind.isObserved: collection.kind
    case .open, .secured: nil
    }
  }

  /// The value of the `Allow` header.
  var allow: String {
    let all = methods.map(\.rawValue) + (methods.contains(.get) ? ["HEAD"] : []) + ["OPTIONS"]
    return all.joined(separator: ", ")
  }

  /// The query parameters that mean something here; others are refused.
  func parameters(for method: HTTPRequest.Method) -> Set<String> {
    switch self {
    case .open: []
    case .secured(let route): route.parameters(for: method)
    }
  }
}

enum OpenRoute: Hashable {
  case openAPI
  case live
  case ready
  /// A file of the dashboard, by its name in `Web/`.
  case file(String)

  fileprivate init?(path: String) {
    switch path {
    case "/": self = .file("index.html")
    case "/openapi.json": self = .openAPI
    case "/livez": self = .live
    case "/readyz": self = .ready
    default:
      let name = String(decoding: path.utf8.dropFirst(), as: UTF8.self)
      guard Dashboard.file(name) != nil else { return nil }
      self = .file(name)
    }
  }
}

enum SecuredRoute: Hashable {
  case object(ResourceRef)
  case collection(Collection)
  case status(ResourceRef)
  case joinTokens(cluster: ResourceRef)
  case apply
  case plan
  case changes
  case change(Revision)
  case rollback(Revision)
  case lookupService
  case lookupSelector
  case agents
  case workloads
  case proxies
  case proxyConfiguration(cluster: String, nodeID: String)
  case path
  case watch

  fileprivate init?(path: String) {
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard segments.count >= 3, segments[0].isEmpty, segments[1] == "v2" else { return nil }
    self.init(segments: Array(segments.dropFirst(2)))
  }

  private init?(segments: [String]) {
    switch (segments[0], segments.count) {
    case ("apply", 1): self = .apply
    case ("plan", 1): self = .plan
    case ("changes", 1): self = .changes
    case ("changes", 2):
      guard let number = Int64(segments[1]), number > 0 else { return nil }
      self = .change(Revision(number))
    case ("changes", 3) where segments[2] == "rollback":
      guard let number = Int64(segments[1]), number > 0 else { return nil }
      self = .rollback(Revision(number))
    case ("lookup", 2) where segments[1] == "service": self = .lookupService
    case ("lookup", 2) where segments[1] == "selector": self = .lookupSelector
    case ("agents", 1): self = .agents
    case ("workloads", 1): self = .workloads
    case ("proxies", 1): self = .proxies
    case ("proxies", 4) where segments[3] == "config":
      self = .proxyConfiguration(cluster: segments[1], nodeID: segments[2])
    case ("path", 1): self = .path
    case ("watch", 1): self = .watch
    default: self.init(fqn: segments)
    }
  }

  private init?(fqn segments: [String]) {
    let fqn = segments.joined(separator: "/")
    if let ref = ResourceRef(fqn: fqn) {
      self = .object(ref)
    } else if let collection = Collection(fqn: fqn) {
      self = .collection(collection)
    } else if let last = segments.last,
      let ref = ResourceRef(fqn: segments.dropLast().joined(separator: "/"))
    {
      switch (last, ref.kind) {
      case ("status", let kind) where !kind.isObserved: self = .status(ref)
      case ("tokens", .cluster): self = .joinTokens(cluster: ref)
      default: return nil
      }
    } else {
      return nil
    }
  }

  var methods: [HTTPRequest.Method] {
    switch self {
    case .object(let ref): ref.kind.isObserved ? [.get] : [.get, .put, .patch, .delete]
    case .collection(let collection): collection.kind.isObserved ? [.get] : [.get, .post]
    case .apply, .plan, .joinTokens, .rollback: [.post]
    case .status, .changes, .change, .lookupService, .lookupSelector, .agents, .workloads, .proxies,
      .proxyConfiguration, .path, .watch:
      [.get]
    }
  }

  func parameters(for method: HTTPRequest.Method) -> Set<String> {
    switch self {
    case .object:
      switch method {
      case .get, .head: ["view", "fields", "watch", "revision"]
      case .delete: ["dryRun", "cascade"]
      default: ["dryRun"]
      }
    case .collection:
      method == .post
        ? ["dryRun"]
        : [
          "limit", "continue", "labelSelector", "fieldSelector", "fields", "view", "watch",
          "revision",
        ]
    case .apply: ["dryRun", "file", "revision", "skipUnknown"]
    case .plan: ["file", "skipUnknown"]
    case .changes: ["limit", "continue", "object", "kind", "actor", "since"]
    case .rollback: ["dryRun", "object"]
    case .lookupService: ["service", "cluster"]
    case .lookupSelector: ["names"]
    case .workloads, .proxies: ["cluster"]
    case .path: ["from", "to"]
    case .watch: ["revision"]
    case .joinTokens: ["dryRun"]
    case .status, .change, .agents, .proxyConfiguration: []
    }
  }
}
