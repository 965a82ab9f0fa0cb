private import AsyncHTTPClient
private import Foundation
private import NIOCore
private import NIOHTTP1

/// Envoy's administration interface, on its Unix socket.
package struct EnvoyAdministration: Sendable {
  package let socket: String

  package init(socket: String) { self.socket = socket }

  private static let patience = TimeAmount.seconds(2)
  private static let maximumAnswer = 8 << 20

  /// Whether Envoy has its first configuration and takes traffic.
  package func isLive() async -> Bool {
    guard let answer = try? await send(.GET, "/ready") else { return false }
    return answer.status == 200
  }

  package func statistics(matching filter: String) async throws -> String {
    try await send(.GET, "/stats/prometheus?usedonly&filter=\(filter)").body
  }

  /// Lets requests in flight end while new ones are told to go elsewhere; Envoy stays.
  package func drain() async throws {
    _ = try await send(.POST, "/drain_listeners?graceful&skip_exit")
  }

  package func quit() async throws { _ = try await send(.POST, "/quitquitquit") }

  private func send(_ method: HTTPMethod, _ path: String) async throws -> (
    status: UInt, body: String
  ) {
    guard let url = URL(httpURLWithSocketPath: socket, uri: path) else {
      throw HTTPClientError.invalidURL
    }
    var request = HTTPClientRequest(url: url.absoluteString)
    request.method = method
    request.headers.add(name: "host", value: "envoy")
    // Envoy's processes change behind the path: a connection kept alive may lead to a dead one.
    request.headers.add(name: "connection", value: "close")
    let prepared = request
    // The client's own timeout ends with the head of an answer; this one holds to its last byte.
    return try await withThrowingTaskGroup(of: (status: UInt, body: String)?.self) { group in
      group.addTask {
        let response = try await HTTPClient.shared.execute(prepared, timeout: Self.patience)
        let body = try await response.body.collect(upTo: Self.maximumAnswer)
        return (response.status.code, String(buffer: body))
      }
      group.addTask {
        try await Task.sleep(for: .nanoseconds(Self.patience.nanoseconds))
        return nil
      }
      defer { group.cancelAll() }
      guard let answer = try await group.next() ?? nil else {
        throw HTTPClientError.deadlineExceeded
      }
      return answer
    }
  }
}
