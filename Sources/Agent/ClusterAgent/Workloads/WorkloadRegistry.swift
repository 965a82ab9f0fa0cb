import AgentStore
import EnvoyConfig
import FleetProtos
import GRPCCore
import Identity
import SwiftProtobuf

/// Takes the registrations of proxies. A stream is a lease.
struct WorkloadRegistry: Rialto_Workload_V1_Registry.SimpleServiceProtocol {
  let site: Site
  let directory: WorkloadDirectory
  let refusals: Refusals

  func register(
    request: RPCAsyncSequence<Rialto_Workload_V1_ProxyMessage, any Error>,
    response: RPCWriter<Rialto_Workload_V1_AgentMessage>, context: ServerContext
  ) async throws {
    try await refusals.noting("a registration") {
      let stored = try directory.workload(of: context)
      guard let identity = WorkloadIdentity(stored) else {
        throw RPCError(code: .failedPrecondition, message: "the stored role is unknown")
      }
      let lease = site.newLease()
      defer { site.lost(stored.nodeID, lease: lease) }
      do {
        try await follow(request, identity, lease: lease, response)
      } catch let error as RPCError where error.code == .unavailable {
        // How a peer that went away shows up.
      }
    }
  }

  private func follow(
    _ messages: RPCAsyncSequence<Rialto_Workload_V1_ProxyMessage, any Error>,
    _ identity: WorkloadIdentity, lease: Int,
    _ response: RPCWriter<Rialto_Workload_V1_AgentMessage>
  ) async throws {
    var presence: Presence?
    for try await message in messages {
      switch message.message {
      case .registration(let registration):
        guard registration.nodeID.utf8.elementsEqual(identity.nodeID.utf8) else {
          throw RPCError(
            code: .permissionDenied, message: "the claimed node id is not the one of this key")
        }
        let described = try checked(registration, identity)
        presence = described
        try await site.register(
          Registration(identity: identity, presence: described), lease: lease)
        try await response.write(
          .with { $0.registered = .with { $0.cluster = site.identity.cluster } })
      case .health(let health):
        guard var described = presence else {
          throw RPCError(code: .failedPrecondition, message: "register first")
        }
        guard described.healthy != health.healthy else { continue }
        described.healthy = health.healthy
        presence = described
        try await site.register(
          Registration(identity: identity, presence: described), lease: lease)
      case .goodbye:
        try await site.goodbye(identity.nodeID, lease: lease)
        return
      case nil: continue
      }
    }
  }

  private func checked(
    _ registration: Rialto_Workload_V1_Registration, _ identity: WorkloadIdentity
  ) throws -> Presence {
    do { return try Presence(registration, role: identity.role) } catch {
      throw RPCError(code: .invalidArgument, message: "\(error)")
    }
  }
}
