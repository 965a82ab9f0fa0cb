import Glibc
import Subprocess

/// What the kernel says that this process has received over its connections to a server, whatever
/// wraps what is meant: TLS, frames, and headers count.
enum LinkBytes {
  /// By local port.
  static func received(from host: String, port: Int) async throws -> [Int: Int] {
    let listed = try await Subprocess.run(
      .name("ss"), arguments: ["-tinpHO", "dst", "\(host):\(port)"],
      output: .string(limit: 1 << 20), error: .discarded)
    var received: [Int: Int] = [:]
    for line in listed.standardOutput.split(separator: "\n")
    where line.contains("pid=\(getpid()),") {
      let words = line.split(whereSeparator: \.isWhitespace)
      let count = words.first { $0.hasPrefix("bytes_received:") }?.split(separator: ":").last
      // State, two queues, and then the own address.
      guard words.count > 3, let port = words[3].split(separator: ":").last.flatMap({ Int($0) })
      else { continue }
      received[port] = count.flatMap { Int($0) } ?? 0
    }
    return received
  }

  /// What has come over the connections that are not among those of `before`.
  static func ofConnections(
    madeAfter before: [Int: Int], from host: String, port: Int
  ) async throws -> Int {
    let after = try await received(from: host, port: port)
    let bytes = after.reduce(0) { before[$1.key] == nil ? $0 + $1.value : $0 }
    guard bytes > 0 else {
      throw Impatience(description: "ss shows no new connection to \(host):\(port)")
    }
    return bytes
  }
}
