import Documents
import IstioConfig

/// Whether the objects of a cluster fit together.
struct IstioReferences {
  private(set) var problems: [String] = []
  private let objects: [IstioObject]
  private var hosts: Set<String> = []
  /// By host.
  private var subsets: [String: Set<String>] = [:]
  private var gateways: Set<String> = []

  init(_ objects: [IstioObject]) {
    self.objects = objects
    for object in objects {
      switch object.name.kind {
      case .serviceEntry:
        for host in texts(object.spec["hosts"]) {
          expect(hosts.insert(host).inserted, object, "\(host) is there twice")
          expect(host.split(separator: ".").allSatisfy(isLabel), object, "\(host) is no host")
        }
      case .destinationRule:
        let host = object.spec["host"]?.string ?? ""
        let names = (object.spec["subsets"]?.list ?? []).compactMap { $0["name"]?.string }
        expect(subsets[host] == nil, object, "\(host) has two rules")
        expect(Set(names).count == names.count, object, "a subset is there twice")
        expect(names.allSatisfy { isLabel($0[...]) }, object, "a subset has no name")
        subsets[host] = Set(names)
      case .gateway: gateways.insert("\(object.name.namespace)/\(object.name.name)")
      case .virtualService, .sidecar, .authorizationPolicy, .peerAuthentication: break
      }
    }
    check()
  }

  private mutating func check() {
    let names = objects.map(\.name)
    if Set(names).count != names.count { problems.append("two objects have one name") }
    if names != names.sorted() { problems.append("not in order") }
    for host in subsets.keys where !hosts.contains(host) { problems.append("\(host) has no entry") }
    for object in objects {
      let parts = object.name.name.split(separator: ".", omittingEmptySubsequences: false)
      expect(parts.allSatisfy(isLabel), object, "has no name")
      switch object.name.kind {
      case .virtualService: checkRoutes(object)
      case .gateway: checkPorts(object)
      case .serviceEntry:
        let hasEndpoints = object.spec["endpoints"]?.list?.isEmpty == false
        expect(
          hasEndpoints != (object.spec["workloadSelector"] != nil), object,
          "neither or both of endpoints and a selector")
      case .authorizationPolicy, .destinationRule, .peerAuthentication, .sidecar: break
      }
    }
  }

  private mutating func checkRoutes(_ object: IstioObject) {
    for gateway in texts(object.spec["gateways"]) where gateway != "mesh" {
      expect(
        gateways.contains("\(object.name.namespace)/\(gateway)"), object, "\(gateway) is not there")
    }
    for route in ["http", "tls", "tcp"].flatMap({ object.spec[$0]?.list ?? [] }) {
      let actions = ["route", "redirect", "directResponse"].filter { route[$0] != nil }
      expect(actions.count == 1, object, "a route does \(actions)")
      guard let shares = route["route"]?.list else { continue }
      let weights = shares.compactMap { $0["weight"]?.integer }
      expect(
        shares.count == 1 ? weights.isEmpty : weights.reduce(0, +) == 100, object,
        "weights \(weights)")
      for share in shares {
        let host = share[["destination", "host"]]?.string ?? ""
        expect(hosts.contains(host), object, "\(host) has no entry")
        guard let subset = share[["destination", "subset"]]?.string else { continue }
        expect(subsets[host]?.contains(subset) == true, object, "\(host) has no subset \(subset)")
      }
    }
  }

  private mutating func checkPorts(_ object: IstioObject) {
    let names = (object.spec["servers"]?.list ?? []).compactMap { $0[["port", "name"]]?.string }
    expect(Set(names).count == names.count, object, "two ports have one name")
    expect(object.spec["selector"]?.object?.isEmpty == false, object, "selects everything")
  }

  private mutating func expect(_ condition: Bool, _ object: IstioObject, _ message: String) {
    if !condition { problems.append("\(object.name): \(message)") }
  }

  private func texts(_ value: Document?) -> [String] { (value?.list ?? []).compactMap(\.string) }

  private func isLabel(_ text: Substring) -> Bool {
    (1...63).contains(text.utf8.count) && text.first != "-" && text.last != "-"
      && text.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }
  }
}
