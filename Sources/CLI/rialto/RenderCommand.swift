import ArgumentParser
import Blueprints
import Documents
import EnvoyConfig
import IstioConfig
import Manifests
import Model

struct RenderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Show what files come to in a cluster, as Istio or Envoy has it; needs no server.",
    usage: "rialto render --driver istio|envoy -f FILE [-f FILE ...] [options]",
    discussion: """
      Services that the files do not describe are taken from what routes say of them; a file of \
      'rialto get services -o yaml' or --service says what there is. What Istio cannot express is \
      said on the standard error.

      Examples:
        rialto render --driver istio -f shop.yaml --cluster east
        rialto get services -o yaml > services.yaml
        rialto render --driver istio -f shop.yaml -f services.yaml --cluster east | kubectl diff -f -
        rialto render --driver istio -f shop.yaml --cluster east --service bank/ledger:7000/tcp
        rialto render --driver istio -f shop.yaml -f services.yaml --cluster east \\
          --east-west west=198.18.2.2 --edge edge=198.19.0.2
        rialto render --driver envoy -f shop.yaml --cluster east --proxy shop/orders
        rialto render --driver envoy -f shop.yaml --cluster east --gateway front

      Istio is expected to find gateways in their own namespace (PILOT_SCOPE_GATEWAY_TO_NAMESPACE), \
      to resolve names in its proxies (ISTIO_META_DNS_CAPTURE), and to have an east-west gateway \
      labelled istio=eastwestgateway in istio-system; workloads carry \
      service.istio.io/canonical-name.
      """)

  enum Driver: String, ExpressibleByArgument, CaseIterable { case istio, envoy }

  enum Format: String, ExpressibleByArgument, CaseIterable { case yaml, json, name }

  @Option(help: "Whose configuration: istio or envoy.")
  var driver: Driver

  @Option(
    name: [.customShort("f"), .customLong("filename")],
    help: ArgumentHelp("A file, a folder, or - for standard input.", valueName: "file"))
  var files: [String]

  @Flag(name: [.customShort("R"), .long], help: "Look into folders inside folders.")
  var recursive = false

  @Option(help: ArgumentHelp("The cluster; not needed where the files name one only."))
  var cluster: String?

  @Option(
    name: .customLong("service"),
    help: ArgumentHelp(
      "A service that runs there; may be repeated.",
      valueName: "namespace/name:port[/protocol],..."))
  var services: [String] = []

  @Option(
    name: .customLong("east-west"),
    help: ArgumentHelp(
      "Where other clusters reach the gateways of one; may be repeated.",
      valueName: "cluster=address,..."))
  var eastWest: [String] = []

  @Option(
    help: ArgumentHelp(
      "Where clusters reach the edges of one; may be repeated.", valueName: "cluster=address,..."))
  var edge: [String] = []

  @Option(
    help: ArgumentHelp(
      "For envoy: the proxy of this service.", valueName: "namespace/name"))
  var proxy: String?

  @Option(help: ArgumentHelp("For envoy: a proxy that this Gateway object selects."))
  var gateway: String?

  @Option(name: [.short, .long], help: "yaml, json or name.")
  var output: Format = .yaml

  func run() async throws {
    try await Failure.reported(
      doing: "render \(ManifestFiles.names(files))", to: .standard
    ) {
      try render(
        try ManifestFiles.read(
          files, isRecursive: recursive,
          standardInput: { try StandardInput.read(upTo: maximumTextSize + 1) }), to: .standard)
    }
  }

  func render(_ read: ManifestFiles, to terminal: Terminal) throws {
    let given = try services.map { text in
      guard let service = GivenService(text: text) else {
        throw Failure(
          .usage, .invalidInput, "--service \(text) names no service with ports",
          advice: "Write it like shop/orders:8080/http,9090/grpc; protocols are "
            + PortProtocol.allCases.map(\.rawValue).joined(separator: ", ") + ".")
      }
      return service
    }
    let mesh = try OfflineMesh(
      read, cluster: cluster, services: given,
      gateways: try gateways(eastWest, .eastWest) + gateways(edge, .edge))
    let found = mesh.diagnostics.map { located($0, in: read) }
    let errors = found.filter { $0.severity == .error }
    guard errors.isEmpty else {
      throw Failure(
        .failed, errors[0].code, errors.map(\.shortText),
        advice: "Nothing was rendered. 'rialto explain \(errors[0].code)' says more.")
    }
    for warning in read.warnings + found {
      terminal.note("warning: \(visible(warning.shortText))")
    }
    for note in mesh.notes { terminal.note("note: \(visible(note))") }
    switch driver {
    case .istio: showIstio(mesh, read, to: terminal)
    case .envoy: try showEnvoy(mesh, to: terminal)
    }
  }

  private func gateways(
    _ texts: [String], _ role: GivenGateways.Role
  ) throws -> [GivenGateways] {
    try texts.map { text in
      guard let gateways = GivenGateways(text: text, role: role) else {
        throw Failure(
          .usage, .invalidInput, "--\(role.rawValue) \(text) names no cluster with addresses",
          advice: "Write it like west=198.18.2.2,198.18.2.3.")
      }
      return gateways
    }
  }

  // MARK: Istio

  private func showIstio(_ mesh: OfflineMesh, _ read: ManifestFiles, to terminal: Terminal) {
    let healthy = mesh.services.map { name, observed in
      (ItemKey.service(namespace: name.namespace, name: name.name), observed.healthyWorkloads)
    }
    let translation = istioTranslation(
      of: mesh.blueprint.items.mapValues { sourced in
        // Istio gives an address to what has none; one that is made up here could be another's.
        guard case .service(var plan) = sourced.item, mesh.unaddressed.contains(plan.host) else {
          return sourced.item
        }
        plan.address = ""
        return .service(plan)
      }, healthy: Dictionary(healthy, uniquingKeysWith: { first, _ in first }))
    for warning in translation.warnings {
      terminal.note("warning: \(visible(text(of: warning, in: mesh, read)))")
    }
    show(
      translation.objects.map(\.document),
      named: translation.objects.map {
        "\($0.name.kind.rawValue.lowercased())/\($0.name.namespace)/\($0.name.name)"
      }, to: terminal)
  }

  /// Leads to the object that an item comes from, rather than to the item.
  private func text(
    of warning: IstioWarning, in mesh: OfflineMesh, _ read: ManifestFiles
  ) -> String {
    let refs = (mesh.blueprint.items[warning.key]?.sources ?? [])
      .compactMap { ResourceRef(fqn: $0.fqn) }.sorted()
    guard let ref = refs.last, let place = read.place(subject: ref.fqn, path: nil) else {
      return "\(warning.key.text): \(warning.message)"
    }
    let mark = place.mark.map { ":\($0.line):\($0.column)" } ?? ""
    return "\(place.file ?? "")\(mark): \(ref.shortText): \(warning.message)"
  }

  // MARK: Envoy

  private func showEnvoy(_ mesh: OfflineMesh, to terminal: Terminal) throws {
    let profile = try mesh.profile(proxy: proxy, gateway: gateway)
    let resources = snapshot(
      items: mesh.blueprint.items.mapValues(\.item), endpoints: [:], profile: profile)
    if !mesh.unaddressed.isEmpty {
      terminal.note(
        "note: virtual addresses that no file says are made up; endpoints are known to agents only")
    }
    show(
      resources.map { resource in
        [
          "type": .string(resource.name.type.word), "name": .string(resource.name.name),
          "from": .list(resource.origins.map { .string($0.text) }),
          "resource": resource.document ?? .null,
        ]
      }, named: resources.map { "\($0.name.type.word)/\($0.name.name)" }, to: terminal)
  }

  // MARK: Output

  private func show(_ documents: [Document], named names: [String], to terminal: Terminal) {
    switch output {
    case .yaml: terminal.data(Manifests.yaml(documents))
    case .json:
      let list: Document = ["apiVersion": "v1", "kind": "List", "items": .list(documents)]
      terminal.data(list.prettyJSON + "\n")
    case .name: for name in names { terminal.line(visible(name)) }
    }
  }

  private func located(_ diagnostic: Diagnostic, in read: ManifestFiles) -> Diagnostic {
    var located = diagnostic
    guard
      let place = read.place(
        subject: diagnostic.subject,
        path: diagnostic.path.steps.isEmpty ? nil : diagnostic.path.text)
    else { return diagnostic }
    located.file = place.file
    located.mark = place.mark
    return located
  }
}
