import Foundation

/// What the bare server needed for the same.
struct BareBaseline: Sendable {
  var elapsed = Samples()
  var processor = Samples()

  /// Rounds that come before those that are measured.
  static let warmUps = 2

  /// - Parameter push: what is sent in a round.
  static func measure(
    _ options: BenchOptions, streams: Int, rounds: Int,
    _ push: @escaping @Sendable (_ round: Int) -> BarePush
  ) async throws -> BareBaseline {
    let (address, port) = ("127.0.1.9", 15_012)
    let credentials = try BareCredentials.pair()
    let log = NSTemporaryDirectory() + "rialto-bench-bare-\(getpid()).log"
    let child = Child(
      name: "bare-server",
      executable: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path,
      arguments: ["bare-server", "--address", address, "--port", String(port)],
      input: credentials.server.text + "\n", log: log)
    defer { try? FileManager.default.removeItem(atPath: log) }
    let (processes, started) = AsyncStream.makeStream(of: Int32.self)
    return try await beside([{ try await child.run { started.yield($0) } }]) {
      guard let process = await processes.first(where: { _ in true }) else {
        throw CancellationError()
      }
      let crowd = BareCrowd(credentials.client, address: address, port: port)
      return try await crowd.with(streams) { send in
        var baseline = BareBaseline()
        for round in 0..<warmUps + rounds {
          let before = ProcessTable.processorTime(of: process) ?? .zero
          let elapsed = try await send(push(round))
          try await ProcessTable.rest(of: process)
          let after = ProcessTable.processorTime(of: process) ?? .zero
          guard round >= warmUps else { continue }
          baseline.elapsed.add(elapsed)
          baseline.processor.add(after - before)
        }
        return baseline
      }
    }
  }
}
