import Documents
import ManagementClient
import Model
import NIOCore
import NIOHTTP1

/// Changes of Tenants, and what they are compared with, from one crew of clients after the other.
struct WriteLoad: Sendable {
  private let client: ManagementClient
  private let server: Crew.Target
  private(set) var tenants = 0

  init(_ testbed: Testbed) throws {
    client = testbed.client
    server = try testbed.api()
  }

  /// Creates Tenants until there are so many.
  mutating func grow(to count: Int) async throws {
    let batch = 500
    while tenants < count {
      let next = min(count, tenants + batch)
      let manifests = (tenants..<next).map { Self.manifest($0, "new").canonicalText }
      _ = try await client.apply(
        Array(manifests.joined(separator: "\n---\n").utf8), contentType: "application/yaml")
      tenants = next
    }
  }

  /// One measurement of each.
  func round(
    of size: Int, _ limit: Duration, _ etcd: Crew.Target?
  ) async throws -> WriteFindings.Comparison {
    let tenants = tenants
    let mark = "\(UInt32.random(in: .min ... .max))"
    let writes = try await Crew.measure(size, on: server, for: limit) { client, count in
      let number = client + count * size
      return Self.put(number % tenants, "\(mark) \(number)")
    }
    var nothing = server
    nothing.answer = .badRequest
    let noop = try await Crew.measure(size, on: nothing, for: limit) { _, _ in Self.empty }
    guard let etcd else { return WriteFindings.Comparison(writes: writes, noop: noop) }
    let puts = try await Crew.measure(size, on: etcd, for: limit) { client, count in
      let number = client + count * size
      let value = Self.manifest(number % tenants, "\(mark) \(number)").canonicalJSON
      return Etcd.put(Self.ref(number % tenants).fqn, ByteBuffer(bytes: value))
    }
    return WriteFindings.Comparison(writes: writes, noop: noop, etcd: puts)
  }

  // MARK: Requests

  private static let empty = Crew.Request(
    method: .POST, path: "/v2/apply", contentType: "application/yaml", body: ByteBuffer())

  private static func put(_ tenant: Int, _ description: String) -> Crew.Request {
    Crew.Request(
      method: .PUT, path: "/v2/\(ref(tenant).fqn)",
      body: ByteBuffer(bytes: manifest(tenant, description).canonicalJSON))
  }

  private static func ref(_ tenant: Int) -> ResourceRef {
    ResourceRef(.tenant, [Testbed.organization, "tenant-\(tenant)"])
  }

  private static func manifest(_ tenant: Int, _ description: String) -> Document {
    [
      "apiVersion": "api.rialto.mesh/v2", "kind": "Tenant",
      "metadata": [
        "organization": .string(Testbed.organization), "name": .string("tenant-\(tenant)"),
        "description": .string("The shop's team. Last touched by \(description)."),
        "labels": ["team": "shop", "stage": "production"],
      ],
      "spec": [:],
    ]
  }
}
