import Access
import ArgumentParser
import ClusterAgent
import Fleet
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Glibc
import Identity
import Logging
import ManagementClient
import Manifests
import Model
import Operations
import Publication
import Reconciler
import RestAPI
import SecureTransport
import ServiceLifecycle
import Storage
import Streams
import Telemetry
import UnixSignals

/// `rialto server`: the management server.
struct ServerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "server",
    abstract: "Run the management server.",
    discussion: """
      The first start makes the server's authority, the organization and a context file for its \
      administrator, and prints where that file is. Everything is kept in the data folder.

      Examples:
        rialto server --data /var/lib/rialto/server --advertise rialto.example
        rialto server --data /tmp/rialto --listen 127.0.0.1:8443 --fleet 127.0.0.1:9443 \\
          --advertise localhost --organization acme
      """)

  @Option(help: ArgumentHelp("The folder of the server's state and keys.", valueName: "dir"))
  var data: String

  @Option(help: ArgumentHelp("Where the API and the dashboard are served.", valueName: "addr:port"))
  var listen = "0.0.0.0:8443"

  @Option(help: ArgumentHelp("Where agents connect.", valueName: "addr:port"))
  var fleet = "0.0.0.0:9443"

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Names and addresses by which this server is reached; the first one is handed out.",
      valueName: "host"))
  var advertise: [String] = []

  @Option(help: "The organization of this server; set at the first start ('default' unless given).")
  var organization: String?

  @Option(
    help: ArgumentHelp(
      "Health and metrics, on loopback; 0 leaves them out.", valueName: "addr:port")
  )
  var metrics = "127.0.0.1:8444"

  @Option(
    help: ArgumentHelp(
      "Requests per second, and at once, that each principal may send to the API: 50:100. "
        + "Administrators are not limited unless this is given.", valueName: "rate:burst"))
  var rateLimit: RateLimitArgument?

  @Flag(help: "Refuse writes to objects that exist without If-Match or an etag (428).")
  var demandPreconditions = false

  func validate() throws {
    for (name, text) in [("--listen", listen), ("--fleet", fleet)] {
      guard ServerAddress(text).map({ isAddress($0.host) }) == true else {
        throw ValidationError("\(name) must be ADDRESS:PORT")
      }
    }
    guard metrics == "0" || ServerAddress(metrics) != nil else {
      throw ValidationError("--metrics must be ADDRESS:PORT or 0")
    }
    guard advertise.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(UInt8(ascii: "/")) }) else {
      throw ValidationError("--advertise takes names and addresses, without ports")
    }
  }

  func run() async throws {
    startLogging()
    let logger = Logger(label: "rialto.server")
    do {
      try await serve(logger)
    } catch {
      logger.critical("the server stops", metadata: ["reason": "\(error)"])
      throw ExitCode.failure
    }
  }

  private func serve(_ logger: Logger) async throws {
    guard let listen = ServerAddress(listen), let fleet = ServerAddress(fleet) else {
      throw ValidationError("--listen or --fleet cannot be read")
    }
    let folder = ServerFolder(path: data)
    try folder.create()
    let store = try Store(directory: data)
    let organization = try await folder.organization(asked: organization, in: store)
    let identity = try folder.identity(organization: organization, now: Date())
    let hosts = advertise.isEmpty ? ["localhost"] : advertise
    let publication = Publication()
    let reconciler = Reconciler(store: store, publication: publication, logger: logger)
    let operations = Operations(
      store: store, publication: publication,
      joining: Self.joining(identity, host: hosts[0], port: fleet.port),
      explanations: Explanations(
        path: { reconciler.path(from: $0, to: $1) },
        reach: { reconciler.reach(service: $0, from: $1, cluster: $2) }),
      planner: Planning { await reconciler.compiler(knowing: $0) },
      logger: logger)
    try await operations.establish(organization: organization)
    try await writeContext(folder, operations, identity, "\(Self.url(hosts[0], listen.port))")

    let certificate = try ServerCertificate(
      identity: identity, hosts: (hosts + ["localhost", "127.0.0.1", "::1"]).uniqued(),
      logger: logger)
    let fleetServer = FleetServer(
      store: store, publication: publication, identity: identity, version: Version.text,
      logger: Logger(label: "rialto.fleet"))
    let startedAt = store.position.current.revision
    let isReady: @Sendable () -> Bool = { publication.compiledRevision >= startedAt }
    var settings = RestAPI.Settings(host: listen.host, port: listen.port, hosts: hosts)
    settings.rateLimit = rateLimit?.limit
    settings.demandsPreconditions = demandPreconditions
    let api = RestAPI(
      operations: operations, settings: settings,
      checks: [RestAPI.ReadinessCheck(name: "plans", passes: { isReady() })], logger: logger)
    var services: [any Service] = [
      Background { try await reconciler.run() },
      Background { try await fleetServer.run() },
      certificate,
      FleetListener(
        server: GRPCServer(
          transport: try Self.transport(
            fleet, certificate.source, identity, refused: fleetServer.turnedAway),
          services: fleetServer.services), fleet: fleetServer, address: "\(fleet)"),
      try api.application(credentials: certificate.source),
    ]
    if metrics != "0", let metrics = ServerAddress(metrics) {
      services.append(
        MetricsEndpoint(
          host: metrics.host, port: metrics.port, store: store, publication: publication,
          fullDeltaCount: { fleetServer.fullDeltaCount }, isReady: isReady, logger: logger))
    }
    logger.info(
      "the server starts",
      metadata: [
        "organization": "\(organization)", "listen": "\(listen)", "fleet": "\(fleet)",
        "epoch": "\(store.epoch)",
      ])
    try await ServiceGroup(
      services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
    ).run()
  }

  private static func transport(
    _ address: ServerAddress, _ credentials: CredentialSource, _ identity: ManagementIdentity,
    refused: @escaping @Sendable (Refusal) -> Void
  ) throws -> HTTP2ServerTransport.Posix {
    try mutualTLSServer(
      host: address.host, port: address.port, credentials: credentials,
      peers: .verified({ identity.bundle }, allowsUnenrolled: true),
      // Strangers may open connections here: less room each than for members.
      limits: ServerLimits(requestSize: 8 << 20, streams: 4),
      refused: refused)
  }

  private static func joining(
    _ identity: ManagementIdentity, host: String, port: Int
  ) -> JoinInstructions {
    let pin = identity.authority.publicKeyHash
    return JoinInstructions(serverURL: url(host, port)) { content in
      JoinToken.agent(
        JoinToken.Agent(
          id: content.id, secret: content.secret, organization: content.organization,
          cluster: content.cluster.name, trustDomain: content.trustDomain, pin: pin)
      ).text
    }
  }

  private static func url(_ host: String, _ port: Int) -> String {
    let isSix = host.utf8.contains(UInt8(ascii: ":"))
    return "https://\(isSix ? "[\(host)]" : host):\(port)"
  }

  /// Writes the administrator's context file at the first start and says where it is. A start that
  /// was interrupted before makes another key; the lost one was told to nobody.
  private func writeContext(
    _ folder: ServerFolder, _ operations: Operations, _ identity: ManagementIdentity, _ url: String
  ) async throws {
    guard try await operations.store.value("administrator") == nil else { return }
    let key = try await operations.issueAdministratorKey()
    let context = ClientContext(
      name: "default", server: url,
      certificateAuthority: certificatePEM(identity.authority.certificate), token: key.text,
      organization: identity.organization)
    let file = ContextFile(current: context.name, contexts: [context])
    try folder.context.write(Array(file.yaml.utf8))
    try await operations.store.setValue("administrator", [1])
    print("The administrator's context file is \(folder.context.path)")
    // Into a pipe, output waits for more.
    fflush(nil)
  }
}

extension Operations {
  /// Makes the organization's object where there is none.
  fileprivate func establish(organization name: String) async throws {
    let ref = ResourceRef(.organization, [name])
    guard try await store.object(ref) == nil else { return }
    let text = """
      apiVersion: \(ref.kind.apiVersion)
      kind: \(ref.kind.name)
      metadata:
        name: \(name)
      """
    _ = try await apply(
      .administrator(name: "server"), Text(bytes: Array(text.utf8), format: .yaml))
  }
}

extension [String] {
  /// Each once, in the order of the first.
  fileprivate func uniqued() -> [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}
