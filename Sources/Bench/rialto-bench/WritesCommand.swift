import ArgumentParser
import Documents

/// How many changes the server makes durable in a second.
struct WritesCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "writes",
    abstract: "Count durable changes per second with 1, 16 and 64 clients.",
    discussion: """
      Starts a server on loopback. Every client keeps one TLS connection and replaces the \
      description of one Tenant after the other, each a revision of its own; only acknowledged \
      changes count. The baselines are taken in turn with it, by the same clients: requests that \
      do nothing (an empty POST to /v2/apply, which is authenticated, read and refused with 400, \
      because there is no object in it), and puts of as many bytes to Debian's etcd-server, \
      without TLS, which is left out when it is not installed. Ratios are those at 64 clients.

      In the end the same is done among 10,000 Tenants. What 64 clients reach there is compared with \
      what they reach among 100, each as a share of the empty requests of the same round.
      """)

  static let quick = ["--rounds", "1", "--seconds", "0.2", "--small"]

  @Option(help: "How often everything is measured; the medians are reported.")
  var rounds = 5

  @Option(help: "Seconds of each measurement.")
  var seconds = 2.0

  @Flag(help: "Measure among 100 Tenants only.")
  var small = false

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (1...100).contains(rounds) else { throw ValidationError("--rounds is 1 to 100") }
    guard (0.1...60).contains(seconds) else { throw ValidationError("--seconds is 0.1 to 60") }
  }

  private static let few = 100
  private static let many = 10_000

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let etcd = Etcd.find()
    let findings = try await untilInterrupted {
      try await Testbed.with(options, []) { testbed in
        try await measure(WriteLoad(testbed), etcd, testbed)
      }
    }
    WritesReport(findings: findings, machine: machine, rounds: rounds, seconds: seconds)
      .report.print(json: options.json)
  }

  private func measure(
    _ load: WriteLoad, _ etcd: Etcd?, _ testbed: Testbed
  ) async throws -> WriteFindings {
    var load = load
    try await load.grow(to: Self.few)
    var findings = WriteFindings()
    let among = load
    if let etcd {
      findings.few = try await etcd.whileRunning(in: testbed) { try await rounds(among, $0) }
    } else {
      findings.few = try await rounds(among, nil)
    }
    guard !small else { return findings }
    try await load.grow(to: Self.many)
    findings.many = try await rounds(load, nil, sizes: [WriteFindings.most])
    return findings
  }

  /// Everything in turn, so that a change of the machine's load meets all of it.
  private func rounds(
    _ load: WriteLoad, _ etcd: Crew.Target?, sizes: [Int] = WriteFindings.sizes
  ) async throws -> [WriteFindings.Round] {
    let limit = Duration.seconds(seconds)
    _ = try await load.round(of: WriteFindings.most, limit, etcd)
    var found: [WriteFindings.Round] = []
    for _ in 0..<rounds {
      var round = WriteFindings.Round()
      for size in sizes { round[size] = try await load.round(of: size, limit, etcd) }
      found.append(round)
    }
    return found
  }
}
