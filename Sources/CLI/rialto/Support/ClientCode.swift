/// The stable codes of what can go wrong at the client.
enum ClientCode: String, CaseIterable, Sendable {
  case context = "RL3001"
  case unsafeFile = "RL3002"
  case unreachable = "RL3003"
  case noAnswer = "RL3004"
  case unintelligible = "RL3005"
  case unknownKind = "RL3006"
  case ambiguous = "RL3007"
  case missing = "RL3008"
  case timeout = "RL3009"
  case notReady = "RL3010"
  case noInput = "RL3011"
  case invalidInput = "RL3012"
  case unknownCommand = "RL3013"
  case unknownColumn = "RL3014"
  case editor = "RL3015"
  case finding = "RL3016"
  case interrupted = "RL3098"
  case unexpected = "RL3099"

  var explanation: String {
    switch self {
    case .context:
      "The command does not know which server to talk to. Contexts are in a file (--config, "
        + "RIALTO_CONFIG, $XDG_CONFIG_HOME/rialto/config.yaml); the first start of the server writes "
        + "one and prints its path."
    case .unsafeFile:
      "The file of contexts holds tokens and must be readable for its owner only (mode 0600)."
    case .unreachable:
      "No connection to the server, or its certificate does not come from the authority in the "
        + "context. No other authority is ever trusted."
    case .noAnswer:
      "The server took the request and did not answer in time. A write may have been done."
    case .unintelligible: "Something answered that does not speak this API."
    case .unknownKind:
      "The word names no kind. 'rialto explain' lists the kinds and their short names."
    case .ambiguous: "Several objects have the name. Name the parents, or use the FQN."
    case .missing: "There is no such object where the command looked."
    case .timeout: "What was waited for did not happen in time; it may still happen."
    case .notReady: "An Envoy or the compiler refuses the object; 'rialto status' says why."
    case .noInput: "There is no file to read, or no manifest in it."
    case .invalidInput:
      "A manifest is wrong. Nothing was sent; every problem has its place and code."
    case .unknownCommand: "There is no such command. 'rialto --help' lists them."
    case .unknownColumn: "The table that the command prints has no such column; -o wide has more."
    case .editor:
      "The editor of VISUAL or EDITOR cannot be started, ended with an error, or what it left is "
        + "not fit to be sent. Nothing was written."
    case .finding: "Something is not as it should be; each line says what, and what to do."
    case .interrupted: "The command was stopped before it was done."
    case .unexpected: "Something that nobody thought of. Please report it."
    }
  }
}

/// The codes with which the server refuses a request as such; codes of manifests are explained by
/// their table.
enum ServerCode {
  static func explanation(of code: String) -> String? {
    switch code.uppercased() {
    case "RL2400": "The request makes no sense to the server."
    case "RL2401": "The token is missing, unknown or expired."
    case "RL2403": "The token is good, and its owner may not do this."
    case "RL2404": "There is no such object, or the caller may not know of it."
    case "RL2405", "RL2406", "RL2415":
      "The request is of a kind that the server does not serve here."
    case "RL2408": "The body of the request took too long to arrive; try again."
    case "RL2409": "An object of that name exists already."
    case "RL2410": "The list or watch goes on from a revision that is no longer held; begin anew."
    case "RL2411": "The object has others below it. Delete them first, or use --cascade."
    case "RL2412": "The object has changed since it was read. Read it again and repeat the change."
    case "RL2416": "An Idempotency-Key belongs to one request for 24 hours; take a new one."
    case "RL2417": "The path and query of the request are too long."
    case "RL2428": "Read the object, and send its etag with the change, in If-Match or in metadata."
    case "RL2429": "Too many requests: wait as long as Retry-After says, or see --rate-limit."
    case "RL2431": "The header of the request is too large."
    case "RL2413": "A request carries at most 1 MiB. Apply fewer files at once."
    case "RL2414": "Switch spec.deletionProtectionEnabled off first."
    case "RL2421": "The server does not answer to that host name; see --advertise."
    case "RL2422": "The object was refused; the message says why."
    case "RL2500": "The server failed; its log says more."
    case "RL2502": "The agent of the cluster refused."
    case "RL2503": "The server has too much to do; try again."
    case "RL2504": "The agent of the cluster is not connected."
    default: nil
    }
  }
}
