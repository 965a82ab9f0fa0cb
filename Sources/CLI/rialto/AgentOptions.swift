import ArgumentParser
import ClusterAgent
import Documents
import Identity

/// What an agent remembers from one start to the next, as it was typed.
struct AgentOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The server, https://HOST:9443.", valueName: "url"))
  var server: String?

  @Option(
    help: ArgumentHelp("Where workloads connect; 0.0.0.0:15012 unless set.", valueName: "addr:port")
  )
  var listen: String?

  @Option(help: ArgumentHelp("How workloads reach this agent; may be repeated.", valueName: "host"))
  var advertise: [String] = []

  @Option(help: ArgumentHelp("The administration socket; in --data unless set.", valueName: "path"))
  var socket: String?

  @Option(
    help: ArgumentHelp(
      "Health and metrics, 127.0.0.1:15014 unless set; 0 leaves them out.", valueName: "addr:port"))
  var health: String?

  func validate() throws {
    guard server == nil || server.flatMap({ ServerAddress($0) }) != nil else {
      throw ValidationError("--server must be https://HOST:PORT or HOST:PORT")
    }
    guard listen == nil || listen.flatMap({ ServerAddress($0) }).map({ isAddress($0.host) }) == true
    else { throw ValidationError("--listen must be ADDRESS:PORT") }
    guard health == nil || health == "0" || health.flatMap({ ServerAddress($0) }) != nil else {
      throw ValidationError("--health must be ADDRESS:PORT or 0")
    }
  }

  func settings(folder: String, token: JoinToken?) throws -> AgentSettings {
    guard let server = server.flatMap({ ServerAddress($0) }) else {
      throw ValidationError("--server https://HOST:9443 is needed on the first start")
    }
    guard let listen = ServerAddress(listen ?? "0.0.0.0:15012") else {
      throw ValidationError("--listen must be ADDRESS:PORT")
    }
    var settings = AgentSettings(
      folder: folder, server: server, token: token, listenHost: listen.host,
      listenPort: listen.port, advertise: advertise, socket: socket, version: Version.text)
    let health = health == "0" ? nil : ServerAddress(health ?? "127.0.0.1:15014")
    settings.healthHost = health?.host ?? settings.healthHost
    settings.healthPort = health?.port
    return settings
  }

  // MARK: Remembering

  /// These options, and where nothing is given, what `remembered` says.
  func completed(from remembered: Document?) -> AgentOptions {
    guard let remembered else { return self }
    var options = self
    options.server = server ?? remembered["server"]?.string
    options.listen = listen ?? remembered["listen"]?.string
    options.socket = socket ?? remembered["socket"]?.string
    options.health = health ?? remembered["health"]?.string
    if advertise.isEmpty {
      options.advertise = remembered["advertise"]?.list?.compactMap(\.string) ?? []
    }
    return options
  }

  var document: Document {
    var members: [String: Document] = ["advertise": .list(advertise.map(Document.string))]
    for (key, value) in [
      ("server", server), ("listen", listen), ("socket", socket), ("health", health),
    ] {
      if let value { members[key] = .string(value) }
    }
    return .object(members)
  }
}
