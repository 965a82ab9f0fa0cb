import ArgumentParser
import Documents
import Foundation
import ManagementClient

/// What readers wait for while others write.
struct ReadsCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "reads",
    abstract: "Read pages of a large collection, and watch it, while it is written to.",
    discussion: """
      A real server with many routes in one collection, to which a client writes at a steady rate, one \
      object at a time. Beside it one client reads the collection page after page, each list as it was \
      at its first page, and many follow it by server-sent events: half of them the collection, half \
      the whole mesh. A page is measured from its request to its last byte, an event from the request \
      of the write to its arrival at a watcher. Every watcher has to hear of every revision, once and in \
      order. The baseline of a page is the answer with one object, on the same connection in turn.

      Then, without writes, the rialto command is started: for its version, and to get a thousand \
      objects. What a program of the system takes that does nothing is the baseline.
      """)

  static let quick = [
    "--objects", "1200", "--watchers", "10", "--seconds", "1", "--writes", "20", "--rounds", "2",
  ]

  @Option(help: "Objects in the collection.") var objects = 100_000
  @Option(help: "Watchers.") var watchers = 200
  @Option(help: "Writes per second.") var writes = 100.0
  @Option(help: "Objects of a page.") var page = 500
  @Option(help: "Seconds of the measurement.") var seconds = 20.0
  @Option(help: "How often each command is started.") var rounds = 20

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (100...1_000_000).contains(objects), (0...900).contains(watchers),
      (1...1_000).contains(writes), (1...500).contains(page), (0.5...600).contains(seconds),
      (1...1_000).contains(rounds)
    else { throw ValidationError("a number is out of range: see --help") }
  }

  private struct Measured: Sendable {
    var beside: ReadLoad.Findings
    var table: Samples
    var json: Samples
    var version: Samples
    var nothing: Samples
  }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let rialto = try options.rialtoPath()
    let measured = try await untilInterrupted {
      try await Testbed.with(options, [], manifests: [Testbed.tenant]) { testbed in
        let load = try await ReadLoad(testbed, objects: objects)
        let beside = try await load.measure(
          watchers: watchers, writesPerSecond: writes, pageSize: page, for: .seconds(seconds))
        try await load.rest()
        return Measured(
          beside: beside, table: try await load.getThousand(rialto, "table", rounds),
          json: try await load.getThousand(rialto, "json", rounds),
          version: try await CommandRun(executable: rialto, arguments: ["--version"])
            .measure(rounds),
          nothing: try await CommandRun(executable: "/bin/true", arguments: []).measure(rounds))
      }
    }
    report(measured, machine).print(json: options.json)
  }

  private func report(_ measured: Measured, _ machine: MachineFacts) -> Report {
    let beside = measured.beside
    let nothing = measured.nothing.percentile(50)
    let object = beside.objects.percentile(50)
    return Report(
      scenario: "reads", machine: machine, rounds: rounds,
      parameters: [
        "objects": .integer(Int64(objects)), "watchers": .integer(Int64(watchers)),
        "writes_per_s": .number(writes), "page": .integer(Int64(page)),
        "pages": .integer(Int64(beside.pages.count)),
        "lists_begun_anew": .integer(Int64(beside.goneLists)),
        "writes": .integer(Int64(beside.writes)),
      ],
      metrics: [
        .init(name: "page_p50_ms", value: beside.pages.percentile(50), unit: "ms"),
        .init(
          name: "page_p99_ms", value: beside.pages.percentile(99), unit: "ms", goal: .atMost(20)),
        .init(name: "watch_p50_ms", value: beside.deliveries.percentile(50), unit: "ms"),
        .init(
          name: "watch_p99_ms", value: beside.deliveries.percentile(99), unit: "ms",
          goal: .atMost(100)),
        .fault("missed_events", beside.missed), .fault("repeated_events", beside.disorder),
        .fault("cut_off", beside.cutOff), .fault("short_pages", beside.shortPages),
        .init(
          name: "server_cpu", value: beside.processor / max(beside.elapsed, .nanoseconds(1)),
          unit: "cores"),
        .init(
          name: "get_1000_ms", value: measured.table.percentile(50), unit: "ms",
          goal: .atMost(300)),
        .init(name: "get_1000_json_ms", value: measured.json.percentile(50), unit: "ms"),
        .init(
          name: "version_ms", value: measured.version.percentile(50), unit: "ms",
          goal: .atMost(50)),
      ],
      baselines: [
        .init(
          name: "object_p50_ms", value: object, unit: "ms",
          ratio: object > 0 ? beside.pages.percentile(50) / object : nil),
        .init(
          name: "nothing_ms", value: nothing, unit: "ms",
          ratio: nothing > 0 ? measured.version.percentile(50) / nothing : nil),
      ])
  }
}
