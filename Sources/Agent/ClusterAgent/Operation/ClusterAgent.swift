import AgentStore
import FleetProtos
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
package import Identity
package import Logging
import SecureTransport
import ServiceLifecycle
package import Streams

package struct AgentSettings: Sendable {
  package var folder: String
  package var server: ServerAddress
  /// Needed on the first start only.
  package var token: JoinToken?
  package var listenHost: String
  package var listenPort: Int
  /// How workloads reach this agent, for its certificate.
  package var advertise: [String]
  package var socket: String?
  package var healthHost = "127.0.0.1"
  /// Nil leaves health and metrics out.
  package var healthPort: Int? = 15_014
  package var version: String

  /// What workloads dial: the first advertised name, or where the agent listens.
  var workloadAddress: String { "\(advertise.first ?? listenHost):\(listenPort)" }

  package init(
    folder: String, server: ServerAddress, token: JoinToken?, listenHost: String,
    listenPort: Int = 15_012, advertise: [String], socket: String? = nil, version: String
  ) {
    self.folder = folder
    self.server = server
    self.token = token
    self.listenHost = listenHost
    self.listenPort = listenPort
    self.advertise = advertise
    self.socket = socket
    self.version = version
  }
}

/// The agent of one cluster, ready to run.
package struct ClusterAgent: Sendable {
  package let site: Site
  let settings: AgentSettings
  let enrollment: AgentEnrollment
  let authority: WorkloadAuthority
  let directory: WorkloadDirectory
  let socket: AdministrationSocket
  let serverKey: PrivateKey
  let logger: Logger
  /// The port on which workloads are served; 0 until it is bound.
  package let boundPort = Latest(0)

  /// Opens the agent's folder; joins first if it has not joined yet.
  package static func prepare(
    _ settings: AgentSettings, clock: SiteClock = .system, logger: Logger
  ) async throws -> ClusterAgent {
    let folder = try AgentFolder(path: settings.folder)
    let socket = try AdministrationSocket(path: settings.socket ?? folder.socket)
    socket.prepare()
    let store = try AgentStore.open(path: folder.database)
    let key = try folder.key("agent.key")
    let stored = try await enroll(settings, store, key, clock, logger)
    let authority = try folder.authority(trustDomain: stored.trustDomain, now: clock.date())
    let identity = SiteIdentity(
      organization: stored.organization, cluster: stored.cluster,
      trustDomain: stored.trustDomain, authorities: [authority.certificate])
    let site = try await Site.restore(
      identity: identity, store: store, clock: clock, logger: logger)
    return ClusterAgent(
      site: site, settings: settings,
      enrollment: AgentEnrollment(server: settings.server, key: key, stored: stored),
      authority: WorkloadAuthority(
        authority: authority, site: identity, store: store, clock: clock),
      directory: WorkloadDirectory(try await store.identities()), socket: socket,
      serverKey: try folder.key("listener.key"), logger: logger)
  }

  private static func enroll(
    _ settings: AgentSettings, _ store: AgentStore, _ key: PrivateKey, _ clock: SiteClock,
    _ logger: Logger
  ) async throws -> StoredEnrollment {
    if let stored = try await store.enrollment() {
      if settings.token != nil {
        logger.notice(
          "this agent has joined already: the token is not used",
          metadata: [
            "cluster": "\(stored.cluster)"
          ])
      }
      return stored
    }
    guard let token = settings.token else { throw AgentEnrollment.Problem.tokenMissing }
    guard case .agent(let token) = token else { throw AgentEnrollment.Problem.wrongToken }
    let stored = try await AgentEnrollment.join(
      token, at: settings.server, key: key, version: settings.version, now: clock.date())
    try await store.save(stored)
    logger.info(
      "joined",
      metadata: [
        "cluster": "\(stored.cluster)", "organization": "\(stored.organization)",
        "trustDomain": "\(stored.trustDomain)",
      ])
    return stored
  }

  /// Serves until the task is cancelled or one part fails.
  package func serve() async throws {
    let chain = try authority.certifyAgent(serverKey, advertise: settings.advertise)
    let credentials = CredentialSource(Credentials(chain: chain, key: serverKey))
    let authority = authority
    let refusals = Refusals(counters: site.counters, logger: logger)
    let transport = try mutualTLSServer(
      host: settings.listenHost, port: settings.listenPort, credentials: credentials,
      peers: .verified({ authority.trust }, allowsUnenrolled: true),
      refused: { refusal in
        refusals.note("a connection", refusal.description, node: refusal.claim)
      })
    let workloads = GRPCServer(
      transport: transport,
      services: [
        WorkloadEnrollment(
          authority: authority, directory: directory, counters: site.counters,
          refusals: refusals, logger: logger),
        WorkloadRegistry(site: site, directory: directory, refusals: refusals),
        site.discovery(of: directory, refusals: refusals),
      ])
    let local = socket.transport()
    let administration = GRPCServer(
      transport: local,
      services: [
        AdministrationService(
          authority: authority, address: settings.workloadAddress, logger: logger)
      ])
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await workloads.serveUntilCancelled() }
      group.addTask { try await administration.serveUntilCancelled() }
      group.addTask { try await link.run() }
      group.addTask {
        try await enrollment.keepRenewed(store: authority.store, clock: site.clock, logger: logger)
      }
      group.addTask { try await keepCertified(credentials) }
      group.addTask { try await site.keepMarks() }
      group.addTask { try await site.watchLeases() }
      if let port = settings.healthPort {
        group.addTask {
          try await HealthEndpoint(site: site, host: settings.healthHost, port: port)
            .run(logger: logger)
        }
      }
      defer { group.cancelAll() }
      // When binding fails, the error of `serve()` says why; this one does not. Who reads the port
      // may count on the socket too.
      if let address = try? await transport.listeningAddress,
        (try? await local.listeningAddress) != nil
      {
        let port = address.ipv4?.port ?? address.ipv6?.port ?? settings.listenPort
        boundPort.publish(port)
        logger.info(
          "serving",
          metadata: [
            "cluster": "\(site.identity.cluster)", "listen": "\(settings.listenHost):\(port)",
            "socket": "\(socket.path)",
          ])
      }
      try await group.next()
    }
  }

  private var link: FleetLink {
    FleetLink(
      site: site, enrollment: enrollment, version: settings.version, logger: logger,
      mint: { request in
        var answer = Rialto_Fleet_V1_TokenAnswer()
        answer.id = request.id
        do {
          let minted = try await authority.mint(
            WorkloadGrant(
              namespace: request.namespace, service: request.service,
              serviceAccount: request.serviceAccount, role: request.role,
              labels: request.labels))
          answer.token = minted.token
          answer.expiresMs = minted.expires
        } catch { answer.error = "\(error)" }
        return answer
      })
  }

  /// Renews the certificate of the agent's port at half of its life; connections that are open stay.
  private func keepCertified(_ credentials: CredentialSource) async throws {
    while true {
      guard let leaf = credentials.current.chain.first else { return }
      let wait = renewal(
        of: try Lifespan(certificate: leaf), now: site.clock.date(), jitter: .random(in: -1...1))
      try await site.clock.sleep(max(1, wait / .seconds(1)))
      let chain = try authority.certifyAgent(serverKey, advertise: settings.advertise)
      credentials.replace(with: Credentials(chain: chain, key: serverKey))
      logger.info("the certificate of the agent's port is renewed")
    }
  }
}

extension ClusterAgent: Service {
  /// Serves until the process is told to stop. Streams end at once: proxies go on without.
  package func run() async throws {
    try await cancelWhenGracefulShutdown { try await serve() }
  }
}
