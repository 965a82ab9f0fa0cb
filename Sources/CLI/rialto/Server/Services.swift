import Fleet
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Reconciler
import ServiceLifecycle

/// The port that agents dial. Its streams end when the server begins to shut down.
struct FleetListener: Service {
  let server: GRPCServer<HTTP2ServerTransport.Posix>
  let fleet: FleetServer
  let address: String

  struct Unavailable: Error, CustomStringConvertible {
    let description: String
  }

  func run() async throws {
    do {
      try await withGracefulShutdownHandler {
        try await server.serve()
      } onGracefulShutdown: {
        server.beginGracefulShutdown()
        fleet.endStreams()
      }
    } catch let error as RuntimeError {
      // Its message hides the reason, as in "address already in use".
      throw Unavailable(
        description:
          "cannot serve agents on \(address): \(error.cause.map { "\($0)" } ?? "\(error)")")
    }
  }
}

/// Something that runs until the server shuts down.
struct Background: Service {
  let body: @Sendable () async throws -> Void

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      do { try await body() } catch is CancellationError {}
    }
  }
}
