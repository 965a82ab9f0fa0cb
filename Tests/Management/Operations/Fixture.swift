import Access
import Compiler
import Documents
import Logging
import Manifests
import Model
import Operations
import Publication
import Storage
import TestSupport

/// A server without sockets: a store of its own and everything up to the use cases.
struct ManagementFixture {
  static let administrator = Principal.administrator(name: "administrator")

  let folder: TemporaryFolder
  let store: Store
  let publication: Publication
  let operations: Operations

  init() throws {
    folder = try TemporaryFolder()
    store = try Store(directory: folder.path)
    publication = Publication()
    operations = Operations(
      store: store, publication: publication,
      joining: JoinInstructions(serverURL: "https://mesh.example:9443") { content in
        "rlt1.\(content.id).\(content.organization).\(content.trustDomain)"
      },
      explanations: Explanations(
        path: { IncrementalCompiler().path(from: $0, to: $1) },
        reach: { service, caller, cluster in
          IncrementalCompiler().explainReach(service: service, from: caller, cluster: cluster)
        }),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  static let tree = """
    apiVersion: traffic.rialto.mesh/v2
    kind: Group
    metadata: {name: g, organization: acme, tenant: t, workspace: w}
    spec: {namespaceSelector: {names: ["*/shop"]}}
    ---
    apiVersion: api.rialto.mesh/v2
    kind: Workspace
    metadata: {name: w, organization: acme, tenant: t}
    spec: {namespaceSelector: {names: ["*/shop"]}}
    ---
    apiVersion: api.rialto.mesh/v2
    kind: Tenant
    metadata: {name: t, organization: acme}
    ---
    apiVersion: api.rialto.mesh/v2
    kind: Organization
    metadata: {name: acme}
    ---
    apiVersion: api.rialto.mesh/v2
    kind: Cluster
    metadata: {name: east, organization: acme}
    spec: {network: lan}
    """

  static let organization = ResourceRef(.organization, ["acme"])
  static let cluster = organization.child(.cluster, "east")
  static let tenant = organization.child(.tenant, "t")
  static let workspace = tenant.child(.workspace, "w")
  static let group = workspace.child(.trafficGroup, "g")

  static func text(_ yaml: String, file: String? = nil) -> Operations.Text {
    Operations.Text(bytes: Array(yaml.utf8), format: .yaml, file: file)
  }

  @discardableResult
  func apply(_ yaml: String, mode: Store.Mode = .write) async throws -> WriteResult {
    try await operations.apply(Self.administrator, Self.text(yaml, file: "shop.yaml"), mode: mode)
  }

  func workspace(_ name: String, names: String) -> String {
    """
    apiVersion: api.rialto.mesh/v2
    kind: Workspace
    metadata: {name: \(name), organization: acme, tenant: t}
    spec: {namespaceSelector: {names: ["\(names)"]}}
    """
  }
}

/// The diagnostics of a rejection; nil when it was another error or none.
func rejection(_ body: () async throws -> some Any) async -> [Diagnostic]? {
  do { _ = try await body() } catch OperationError.rejected(let diagnostics) {
    return diagnostics
  } catch { return nil }
  return nil
}
