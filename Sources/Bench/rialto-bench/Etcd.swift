import Foundation
import NIOCore
import NIOHTTP1

/// Debian's etcd, one member: what others take to keep small values durably. It is asked in JSON, as
/// Rialto is, but without TLS, as it comes; what the comparison gives away that way is in its favour.
struct Etcd: Sendable {
  let executable: String

  private static let host = "127.0.1.2"
  private static let port = 12_379
  private static let peerPort = 12_380

  /// nil when it is not installed.
  static func find() -> Etcd? {
    let path = "/usr/bin/etcd"
    return FileManager.default.isExecutableFile(atPath: path) ? Etcd(executable: path) : nil
  }

  /// Runs it in the folder of the run while `work` is done.
  func whileRunning<Result: Sendable>(
    in testbed: Testbed, _ work: @escaping @Sendable (Crew.Target) async throws -> Result
  ) async throws -> Result {
    try await beside([{ try await testbed.children.run(child(in: testbed.folder)) }]) {
      try await wait(for: "answer of etcd") {
        (try? await Crew.with(1, on: Self.target) { crew in
          try await crew.work(for: .zero) { _, _ in Self.put("ready", ByteBuffer()) }
        }) != nil
      }
      return try await work(Self.target)
    }
  }

  /// A durable put of one value.
  static func put(_ key: String, _ value: ByteBuffer) -> Crew.Request {
    let key = Data(key.utf8).base64EncodedString()
    let value = Data(value.readableBytesView).base64EncodedString()
    return Crew.Request(
      method: .POST, path: "/v3/kv/put",
      body: ByteBuffer(string: "{\"key\":\"\(key)\",\"value\":\"\(value)\"}"))
  }

  private func child(in folder: String) -> Child {
    let client = "http://\(Self.host):\(Self.port)"
    let peer = "http://\(Self.host):\(Self.peerPort)"
    return Child(
      name: "etcd", executable: executable,
      arguments: [
        "--name", "bench", "--data-dir", "\(folder)/etcd", "--listen-client-urls", client,
        "--advertise-client-urls", client, "--listen-peer-urls", peer,
        "--initial-advertise-peer-urls", peer, "--initial-cluster", "bench=\(peer)",
        "--logger", "zap", "--log-level", "warn",
      ], log: "\(folder)/log/etcd.log")
  }

  private static let target = Crew.Target(
    host: host, port: port, headers: ["host": "\(host):\(port)"], answer: .ok)
}
