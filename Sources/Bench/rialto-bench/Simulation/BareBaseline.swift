import Foundation

/// What the bare server needed for the same.
struct BareBaseline: Sendable {
  var elapsed = Samples()
  var processor = Samples()

  static func measure(
    _ options: BenchOptions, streams: Int, bytes: Int, rounds: Int
  ) async throws -> BareBaseline {
    let (address, port) = ("127.0.1.9", 15_012)
    let credentials = try BareCredentials.pair()
    let children = Children(folder: "/nonexistent")
    let log = NSTemporaryDirectory() + "rialto-bench-bare-\(getpid()).log"
    let child = Child(
      name: "bare-server",
      executable: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path,
      arguments: ["bare-server", "--address", address, "--port", String(port)],
      input: credentials.server.text + "\n", log: log)
    defer { try? FileManager.default.removeItem(atPath: log) }
    return try await withThrowingTaskGroup(of: BareBaseline?.self) { group in
      group.addTask {
        try await children.run(child)
        return nil
      }
      group.addTask {
        let crowd = BareCrowd(credentials.client, address: address, port: port)
        return try await crowd.with(streams) { push in
          var baseline = BareBaseline()
          let process = children.all["bare-server"] ?? 0
          for round in 0..<rounds + 2 {
            let before = ProcessTable.processorTime(of: process) ?? .zero
            let elapsed = try await push(bytes)
            try await Task.sleep(for: .milliseconds(300))
            let after = ProcessTable.processorTime(of: process) ?? .zero
            guard round >= 2 else { continue }
            baseline.elapsed.add(elapsed)
            baseline.processor.add(after - before)
          }
          return baseline
        }
      }
      defer { group.cancelAll() }
      while let next = try await group.next() {
        if let next { return next }
      }
      throw CancellationError()
    }
  }
}
