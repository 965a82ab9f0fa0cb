import Documents
import Model
import Testing

@testable import Manifests

@Suite struct `Manifests meaning` {
  @Test(
    arguments: [
      ("10s", .seconds(10)), ("1.5s", .milliseconds(1500)), ("250ms", .milliseconds(250)),
      ("0s", .zero), ("2m", .seconds(120)), ("1h", .seconds(3600)),
      ("0.000000001s", .nanoseconds(1)),
      ("1.5", nil), ("s", nil), ("", nil), ("-1s", nil), ("1 s", nil), ("1S", nil), ("1.s", nil),
      (".5s", nil), ("1h30m", nil), ("99999999999999999999s", nil), ("1e3s", nil), ("0.5ns", nil),
      ("999999h", nil), ("１s", nil),
    ] as [(String, Duration?)])
  func `durations are a number and a unit`(_ text: String, _ expected: Duration?) {
    #expect(Manifests.duration(from: text) == expected)
  }

  @Test(
    arguments: [
      "a+", "^/v[0-9]+/.*$", "(a|b)?c", "a{2,5}", "[^]]", "[]a]", "[a-z0-9_-]+", "(?i)x",
      "(?P<n>a)", "a*?",
      "\\d+\\.\\w", "[[:alpha:]]", "{", "x{,2}", "(?:a)", "é+",
    ])
  func `expressions of RE2 are accepted`(_ text: String) {
    #expect(regularExpressionProblem(text) == nil)
  }

  @Test(
    arguments: [
      "", "(", ")", "a)", "[", "[a", "*a", "+", "a**", "(?=a)", "(?!a)", "(?<=a)", "(?<!a)",
      "(?>a)", "\\1",
      "a\\", "a{1001}", "a{5,2}", "[z-a]", "(?", "a|*", "\\y", "a++", "(?#x)",
      String(repeating: "(", count: 60) + String(repeating: ")", count: 60),
    ])
  func `expressions that RE2 refuses are refused`(_ text: String) {
    #expect(regularExpressionProblem(text) != nil)
  }

  @Test func `a ServiceRoute means what it says`() throws {
    guard case .serviceRoute(let route) = try manifest(Samples.serviceRoute).spec else {
      Issue.record("no ServiceRoute")
      return
    }
    #expect(route.service == ServiceName(namespace: "shop", name: "orders"))
    #expect(route.subsets.map(\.weight) == [90, 10])
    #expect(route.routes[0].matches[0].headers == ["x-tester": .exact("yes")])
    #expect(route.routes[0].matches[0].uri == .prefix("/orders"))
    #expect(
      route.routes[0].destinations == [
        RouteDestination(port: 8080, subset: "v2", weight: 50),
        RouteDestination(service: ServiceName(namespace: "shop", name: "other"), weight: 50),
      ])
  }

  @Test func `deprecated traffic settings are converted, the general one last`() throws {
    guard case .trafficSetting(let setting) = try manifest(Samples.oldTrafficSetting).spec else {
      Issue.record("no TrafficSetting")
      return
    }
    #expect(setting.reachability == .custom(hosts: [ReachHost(namespace: ".", service: nil)]))
    #expect(setting.upstreams?.map(\.requestTimeout) == [.seconds(9), .seconds(10)])
    #expect(setting.upstreams?.map(\.hosts) == [["*"], ["*"]])
    let warnings = problems(Samples.oldTrafficSetting).filter { $0.contains("RL1050") }
    #expect(warnings.count == 3)
  }

  @Test func `a field without effect yet says so`() {
    #expect(problems(Samples.group("traffic")).filter { $0.contains("RL1051") }.count == 1)
  }

  @Test(
    arguments: [
      ("subsets: [{name: a, weight: 90}]", "the weights add up to 90, not 100 (RL1042)"),
      ("subsets: [{name: a, weight: 90}, {name: b}]", "the weights add up to 90, not 100 (RL1042)"),
      ("subsets: [{name: a}, {name: a}]", "'a' is there twice (RL1016)"),
      (
        "httpRoutes: [{name: r, destination: [{subset: v3}]}]",
        "no subset 'v3' in this ServiceRoute (RL1043)"
      ),
      (
        "subsets: [{name: version}], httpRoutes: [{name: r, destination: [{subset: versoin}]}]",
        "did you mean 'version'? (RL1043)"
      ),
      (
        "subsets: [{name: a}], httpRoutes: [{name: r, destination: [{destinationHost: x/y, subset: a}]}]",
        "cannot be used with another service (RL1043)"
      ),
      (
        "httpRoutes: [{name: r, destination: [{weight: 50}, {weight: 40}]}]",
        "add up to 90, not 100 (RL1042)"
      ),
      ("httpRoutes: [{name: r, destination: [{weight: 50}]}]", "gets 100 percent (RL1042)"),
      ("httpRoutes: [{name: r, destination: []}]", "at least one entry is needed (RL1007)"),
      (
        "httpRoutes: [{name: r, match: [{uri: {regex: '(?=a)'}}], destination: [{}]}]",
        "look-around (RL1044)"
      ),
      (
        "httpRoutes: [{name: r, match: [{headers: {'a b': {exact: x}}}], destination: [{}]}]",
        "is no header name (RL1014)"
      ),
      (
        "httpRoutes: [{name: r, match: [{headers: {X: {exact: x}, x: {exact: y}}}], destination: [{}]}]",
        "more than their capitals (RL1016)"
      ),
      (
        #"httpRoutes: [{name: r, match: [{headers: {x: {exact: "a\r\nb"}}}], destination: [{}]}]"#,
        "holds a control character (RL1014)"
      ),
      (
        "httpRoutes: [{name: r, match: [{uri: {prefix: a}}], destination: [{}]}]",
        "does not begin with '/' (RL1014)"
      ),
      (
        "httpRoutes: [{name: r, match: [{uri: {}}], destination: [{}]}]",
        "one of exact, prefix, regex is needed (RL1015)"
      ),
      ("subsets: [{name: a, labels: {version: 1.10}}]", "put it in quotes, not a number (RL1006)"),
    ] as [(String, String)])
  func `what is wrong inside a ServiceRoute is found`(_ fields: String, _ message: String) {
    let found = problems(
      """
      apiVersion: traffic.rialto.mesh/v2
      kind: ServiceRoute
      metadata: {name: r, \(Samples.place), group: all}
      spec: {service: shop/orders, \(fields)}
      """)
    #expect(found.count == 1 && found[0].contains(message), "\(found)")
  }

  @Test(
    arguments: [
      ("reachability: {mode: CUSTOM}", "mode CUSTOM needs hosts (RL1045)"),
      (
        "reachability: {mode: GROUP, hosts: [./*]}",
        "hosts take effect with mode CUSTOM only (RL1045)"
      ),
      ("reachability: {mode: WORKSPCE}", "did you mean 'WORKSPACE'? (RL1011)"),
      ("reachability: {mode: CUSTOM, hosts: [shop]}", "names no services"),
      ("upstreamTrafficSettings: [{hosts: ['a:80']}]", "is no host name"),
      (
        "upstreamTrafficSettings: [{hosts: ['*'], settings: {resilience: {connectionPool: {http: {"
          + "retries: {attempts: 1, retryOn: 'reset,conect-failure'}}}}}}]",
        "did you mean 'connect-failure'?"
      ),
      (
        "upstreamTrafficSettings: [{hosts: ['*'], settings: {resilience: {connectionPool: {http: {"
          + "requestTimeout: 10}}}}}]",
        "has to be a duration such as \"10s\", not a number (RL1006)"
      ),
    ] as [(String, String)])
  func `what is wrong inside a TrafficSetting is found`(_ fields: String, _ message: String) {
    let found = problems(
      """
      apiVersion: traffic.rialto.mesh/v2
      kind: TrafficSetting
      metadata: {name: r, \(Samples.place), group: all}
      spec: {outbound: {\(fields)}}
      """)
    #expect(found.count == 1 && found[0].contains(message), "\(found)")
  }

  private static let rule =
    "{from: {fqn: organizations/acme/tenants/a}, to: {fqn: organizations/acme/tenants/web}}"

  @Test(
    arguments: [
      ("mode: CUSTOM", "mode CUSTOM needs serviceAccounts (RL1045)"),
      ("mode: RULES", "mode RULES needs rules (RL1045)"),
      ("mode: GROUP, serviceAccounts: [a/b]", "take effect with mode CUSTOM only (RL1045)"),
      ("rules: {denyAll: true}", "take effect with mode RULES only (RL1045)"),
      ("mode: CUSTOM, serviceAccounts: [web]", "names no service account"),
      (
        "mode: RULES, rules: {allow: [\(rule), \(rule)]}",
        "wholly contained in spec.authorization.rules.allow[0] (RL1047)"
      ),
      (
        "mode: RULES, rules: {allow: [{from: {fqn: organizations/acme/clusters/c}, to: {fqn: organizations/acme/tenants/web}}]}",
        "not about a Cluster (RL1014)"
      ),
      (
        "mode: RULES, rules: {allow: [{from: {fqn: organizations/b/tenants/c}, to: {fqn: organizations/acme/tenants/web}}]}",
        "of another organization (RL1014)"
      ),
      (
        "mode: RULES, rules: {deny: [{from: {fqn: organisations/b}, to: {fqn: organizations/acme/tenants/web}}]}",
        "is no FQN"
      ),
    ] as [(String, String)])
  func `what is wrong inside a SecuritySetting is found`(_ fields: String, _ message: String) {
    let found = problems(
      """
      apiVersion: security.rialto.mesh/v2
      kind: SecuritySetting
      metadata: {name: r, \(Samples.place), group: all}
      spec: {authorization: {\(fields)}}
      """)
    #expect(found.count == 1 && found[0].contains(message), "\(found)")
  }

  private static let passing = "route: {serviceDestination: {host: a/b}}"

  @Test(
    arguments: [
      (
        "tcp: [{name: a, hostname: a, port: 80, \(passing)}, {name: b, hostname: b, port: 80, \(passing)}]",
        "nothing tells connections without TLS apart; 'a' has port 80 too (RL1046)"
      ),
      (
        "tls: [{name: a, hostname: a, port: 443, \(passing)}], "
          + "http: [{name: b, hostname: b, port: 443, \(routing)}]",
        "plaintext and TLS do not share a port; 'b' has port 443 too (RL1046)"
      ),
      (
        "tls: [{name: a, hostname: a, port: 443, \(passing)}, {name: b, hostname: a, port: 443, \(passing)}]",
        "another server has the host 'a' on port 443 (RL1016)"
      ),
      (
        "tcp: [{name: a, hostname: a, \(passing)}]", "this field is required"
      ),
      (
        "tls: [{name: a, hostname: a, port: 15443, \(passing)}]",
        "belongs to the proxy itself (RL1046)"
      ),
    ])
  func `what is wrong with servers of connections is said`(_ fields: String, _ message: String) {
    let found = problems(
      """
      apiVersion: gateway.rialto.mesh/v2
      kind: Gateway
      metadata: {name: g, \(Samples.place), group: all}
      spec: {workloadSelector: {namespace: a, labels: {a: b}}, \(fields)}
      """)
    #expect(found.count == 1 && found[0].contains(message), "\(found)")
  }

  private static let routing = "routing: {rules: [{route: {serviceDestination: {host: a/b}}}]}"

  @Test(
    arguments: [
      (
        "[{name: a, hostname: a.b, port: 15443, \(routing)}]",
        "belongs to the proxy itself (RL1046)"
      ),
      (
        "[{name: a, hostname: a, port: 80, \(routing)}, {name: b, hostname: b, port: 80, "
          + "tls: {mode: SIMPLE, files: {serverCertificate: /a, privateKey: /b}}, \(routing)}]",
        "plaintext and TLS do not share a port; 'a' has port 80 too (RL1046)"
      ),
      (
        "[{name: a, hostname: a, port: 80, \(routing)}, {name: b, hostname: a, port: 80, \(routing)}]",
        "another server has the host 'a' on port 80 (RL1016)"
      ),
      ("[{name: a, hostname: A.b, port: 80, \(routing)}]", "is no host name"),
      ("[{name: a, hostname: 'a:80', port: 80, \(routing)}]", "is no host name"),
      (
        "[{name: a, hostname: a, port: 80, tls: {mode: SIMPLE, files: {serverCertificate: /a}}, \(routing)}]",
        "mode SIMPLE needs this file (RL1045)"
      ),
      (
        "[{name: a, hostname: a, port: 80, tls: {files: {serverCertificate: /a}}, \(routing)}]",
        "with mode SIMPLE or MUTUAL only (RL1045)"
      ),
      (
        "[{name: a, hostname: a, port: 80, routing: {rules: [{}]}}]",
        "one of route, redirect, directResponse is needed"
      ),
      (
        "[{name: a, hostname: a, port: 80, routing: {rules: [{directResponse: {status: 200}, timeout: 1s}]}}]",
        "together with route only (RL1015)"
      ),
      (
        "[{name: a, hostname: a, port: 80, routing: {rules: [{redirect: {}}]}}]",
        "is needed (RL1045)"
      ),
      (
        "[{name: a, hostname: a, port: 80, routing: {rules: [{redirect: {uri: /, redirectCode: 305}}]}}]",
        "none of 301, 302, 303, 307, 308 (RL1013)"
      ),
      (
        "[{name: a, hostname: a, port: 80, routing: {rules: [{route: {serviceDestination: {host: a/b.c.mesh}}}]}}]",
        "names no service"
      ),
    ] as [(String, String)])
  func `what is wrong inside a Gateway is found`(_ servers: String, _ message: String) {
    let found = problems(
      """
      apiVersion: gateway.rialto.mesh/v2
      kind: Gateway
      metadata: {name: r, \(Samples.place), group: all}
      spec: {workloadSelector: {namespace: shop, labels: {a: b}}, http: \(servers)}
      """)
    #expect(found.count == 1 && found[0].contains(message), "\(found)")
  }

  @Test(
    arguments: [
      ("*/shop", true), ("east/shop", true), ("east/*", true), ("*/*", true), ("east/shop*", true),
      ("shop", false), ("a/b/c", false), ("/a", false), ("a/", false), ("e*/a", false),
      ("*/*a", false),
      ("east/-*", false), ("East/a", false),
    ] as [(String, Bool)])
  func `selectors are CLUSTER/NAMESPACE`(_ text: String, _ isGood: Bool) {
    #expect((namespaceTerm(text) != nil) == isGood)
    #expect(namespaceTerm(text)?.text == (isGood ? text : nil))
  }

  @Test func `a stored object that is merely wrong still has a meaning`() throws {
    let good = try manifest(Samples.serviceRoute)
    let text = good.document.canonicalText.split(separator: "/v[0-9]/.*").joined(
      separator: "/v[0-9")
    let broken = try JSONParser.document(from: Array(text.utf8))
    let read = Manifests.resource(
      from: broken, ref: good.ref, revision: Revision(1), created: Revision(1))
    #expect(read.diagnostics.map(\.code) == ["RL1044"])
    #expect(read.value != nil && read.value?.spec != good.spec)
  }

  @Test func `a stored object without what its kind needs has none`() throws {
    let good = try manifest(Samples.serviceRoute)
    let read = Manifests.resource(
      from: ["spec": ["subsets": 1]], ref: good.ref, revision: Revision(1), created: Revision(1))
    #expect(read.value == nil && read.hasErrors)
  }
}
