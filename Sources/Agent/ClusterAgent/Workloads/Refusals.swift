import GRPCCore
import Logging

/// Notes what workloads, or those who pass for some, are refused: in the log and in the metrics.
struct Refusals: Sendable {
  let counters: Counters
  let logger: Logger

  /// - Parameters:
  ///   - what: what was asked for: `a registration`.
  ///   - node: who asked, or claims to.
  func note(_ what: String, _ reason: String, node: String = "", token: String = "") {
    counters.add(\.refusals)
    logger.warning(
      "refused",
      metadata: [
        "what": "\(what)", "reason": "\(reason)", "node": "\(Self.printable(node))",
        "token": "\(Self.printable(token))",
      ])
  }

  /// Runs `body` and notes the error with which it refuses. A peer that went away is none.
  func noting<Result>(
    _ what: String, node: String = "", _ body: () async throws -> Result
  ) async throws -> Result {
    do { return try await body() } catch let error as RPCError {
      if error.code != .unavailable, error.code != .cancelled {
        note(what, error.message, node: node)
      }
      throw error
    }
  }

  private static func printable(_ text: String) -> String {
    String(
      decoding: text.utf8.prefix(128).map { (0x21...0x7e).contains($0) ? $0 : UInt8(ascii: "?") },
      as: UTF8.self)
  }
}
