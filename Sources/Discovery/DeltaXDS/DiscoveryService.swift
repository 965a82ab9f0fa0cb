private import DiscoveryProtos
package import GRPCCore
private import GRPCProtobuf
private import Streams

/// Aggregated incremental discovery over gRPC: one `DeltaSession` per stream.
///
/// Memory of a stream is bounded by its session and one response that is being written, as writing
/// suspends on flow control and the view's newest state is read when it is sent. A large view takes
/// long to send, and so does a change of most of it, so few subscribers get one at the same time.
package struct DiscoveryService: RegistrableRPCService {
  private let subscribe: @Sendable (ServerContext, _ nodeID: String) async throws -> Subscription
  private let observe: @Sendable (DeliveryEvent) -> Void
  private let settings: DiscoverySettings
  private let coldStage: ColdStage

  /// - Parameters:
  ///   - subscribe: decides, from the peer's certificate and the node id it claims, what it may
  ///     have; throws an `RPCError` to refuse.
  ///   - observe: called in the order of events of one stream; it must not block.
  package init(
    subscribe: @escaping @Sendable (ServerContext, _ nodeID: String) async throws -> Subscription,
    observe: @escaping @Sendable (DeliveryEvent) -> Void, settings: DiscoverySettings = .init()
  ) {
    self.subscribe = subscribe
    self.observe = observe
    self.settings = settings
    coldStage = ColdStage(places: settings.coldStreams)
  }

  package func registerMethods<Transport: ServerTransport>(
    with router: inout RPCRouter<Transport>
  ) {
    router.registerHandler(
      forMethod: Envoy_Service_Discovery_V3_AggregatedDiscoveryService.Method
        .DeltaAggregatedResources.descriptor,
      deserializer: ProtobufDeserializer<DeltaDiscoveryRequest>(),
      serializer: FrameSerializer()
    ) { request, context in
      StreamingServerResponse { writer in
        try await serve(request.messages, context: context, writer: writer)
        return [:]
      }
    }
  }

  private func serve(
    _ requests: RPCAsyncSequence<DeltaDiscoveryRequest, any Error>, context: ServerContext,
    writer: RPCWriter<ResponseFrame>
  ) async throws {
    let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let (places, place) = AsyncStream.makeStream(of: ColdStage.Ticket.self)
    // What comes with the first request.
    let admitted = Latest<DiscoveryStream?>(nil)
    do {
      try await withRPCCancellationHandler {
        try await withThrowingTaskGroup(of: Void.self) { group in
          defer { group.cancelAll() }
          group.addTask {
            defer { admitted.finish() }
            for try await request in requests {
              if let stream = admitted.current {
                try await stream.take(request)
              } else {
                let subscription = try await admit(request, context: context)
                let stream = DiscoveryStream(
                  subscription, settings: settings, coldStage: coldStage, writer: writer,
                  observe: observe, wake: wake, place: place)
                admitted.publish(stream)
                try await stream.take(request)
              }
            }
          }
          if let stream = await admitted.values().first(where: { $0 != nil }) ?? nil {
            group.addTask { for await _ in wakes { try await stream.catchUp() } }
            group.addTask { for await ticket in places { try await stream.attend(to: ticket) } }
          } else {
            group.cancelAll()
          }
          // The requests end, or the call is cancelled.
          try await group.next()
        }
      } onCancelRPC: {
        admitted.finish()
        wake.finish()
      }
    } catch let error as RPCError where error.code == .unavailable {
      // How a peer that went away shows up.
    } catch {
      await admitted.current?.end()
      throw error
    }
    await admitted.current?.end()
  }

  private func admit(
    _ first: DeltaDiscoveryRequest, context: ServerContext
  ) async throws -> Subscription {
    guard first.hasNode, !first.node.id.isEmpty, first.node.id.utf8.count <= settings.nameBytes
    else {
      throw RPCError(code: .invalidArgument, message: "the first request names no node")
    }
    let subscription = try await subscribe(context, first.node.id)
    observe(
      .connected(
        nodeID: first.node.id,
        userAgent: first.node.userAgentName + " " + first.node.userAgentVersion))
    return subscription
  }
}

/// Responses are serialized when they are put together.
private struct FrameSerializer: MessageSerializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ frame: ResponseFrame) throws -> Bytes {
    Bytes(frame.bytes)
  }
}
