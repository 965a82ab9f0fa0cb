import BlueprintCoding
import Blueprints
import Documents
import EnvoyConfig
import Foundation
import SwiftProtobuf
import Testing

/// A recorded case: a folder with what goes in and, per type of resources, what comes out.
struct EnvoyCase: CustomTestStringConvertible {
  let name: String

  var testDescription: String { name }

  static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../Golden/EnvoyConfig").standardizedFileURL

  static let all: [EnvoyCase] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().map(EnvoyCase.init)
  }()

  private var folder: URL { Self.folder.appending(path: name) }

  func snapshot() throws -> [EnvoyResource] {
    EnvoyConfig.snapshot(
      items: try items(), endpoints: try endpoints(), gateways: try gateways(),
      profile: try profile())
  }

  func items() throws -> [ItemKey: BlueprintItem] {
    let items = try read([BlueprintItem].self, from: "items.json")
    return Dictionary(uniqueKeysWithValues: items.map { ($0.key, $0) })
  }

  func endpoints() throws -> [ServiceKey: [LocalEndpoint]] {
    struct Written: Decodable {
      struct Instance: Decodable {
        var address: String
        var ports: [Int]
        var labels: [String: String]
        var healthy: Bool
      }
      var namespace: String
      var name: String
      var instances: [Instance]
    }
    let written = try read([Written].self, from: "endpoints.json")
    return Dictionary(
      uniqueKeysWithValues: written.map { entry in
        (
          ServiceKey(namespace: entry.namespace, name: entry.name),
          entry.instances.map {
            LocalEndpoint(
              address: $0.address, ports: $0.ports, labels: $0.labels, healthy: $0.healthy)
          }
        )
      })
  }

  /// Cases without the file have none.
  func gateways() throws -> [LocalGateway] {
    struct Written: Decodable {
      var role: String
      var namespace: String
      var labels: [String: String]
      var address: String
      var healthy: Bool
    }
    guard FileManager.default.fileExists(atPath: folder.appending(path: "gateways.json").path)
    else { return [] }
    return try read([Written].self, from: "gateways.json").map {
      LocalGateway(
        role: ProxyRole(rawValue: $0.role) ?? .sidecar, namespace: $0.namespace,
        labels: $0.labels, address: $0.address, healthy: $0.healthy)
    }
  }

  func profile() throws -> ProxyProfile {
    struct Written: Decodable {
      struct Port: Decodable {
        var number: Int
        var name: String
        var protocolName: String
        var applicationPort: Int
      }
      struct Upstream: Decodable {
        var host: String
        var port: Int
        var listenAddress: String
        var listenPort: Int
      }
      var role: String
      var namespace: String
      var serviceAccount: String
      var service: String?
      var labels: [String: String]
      var ports: [Port]
      /// `redirect`, or `bind` and an address.
      var capture: String
      var upstreams: [Upstream]
    }
    let written = try read(Written.self, from: "profile.json")
    let words = written.capture.split(separator: " ").map(String.init)
    return ProxyProfile(
      role: ProxyRole(rawValue: written.role) ?? .sidecar, namespace: written.namespace,
      serviceAccount: written.serviceAccount, service: written.service, labels: written.labels,
      ports: written.ports.map {
        InboundPort(
          number: $0.number, name: $0.name, protocolName: $0.protocolName,
          applicationPort: $0.applicationPort)
      },
      capture: words.count == 2 ? .bind(address: words[1]) : .redirect,
      upstreams: written.upstreams.map {
        ExplicitUpstream(
          host: $0.host, port: $0.port, listenAddress: $0.listenAddress, listenPort: $0.listenPort)
      })
  }

  private func read<Value: Decodable>(_ type: Value.Type, from file: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: file)))
  }

  // MARK: Recorded output

  /// The output by file name, readable.
  func output() throws -> [String: String] {
    let byType = Dictionary(grouping: try snapshot(), by: \.name.type)
    return try Dictionary(
      uniqueKeysWithValues: byType.map { type, resources in
        let documents = try resources.map { resource in
          Document.object([
            "name": .string(resource.name.name),
            "origins": .list(resource.origins.map { .string($0.text) }),
            "resource": try resource.document(),
          ])
        }
        return ("envoy-\(type).json", Document.list(documents).prettyJSON + "\n")
      })
  }

  func recorded() throws -> [String: String] {
    let input: Set = ["items.json", "profile.json", "endpoints.json", "gateways.json"]
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { !input.contains($0) }
    return try Dictionary(
      uniqueKeysWithValues: files.map {
        ($0, try String(contentsOf: folder.appending(path: $0), encoding: .utf8))
      })
  }

  /// Makes `output` the recorded one, and removes what it does not mention.
  func record(_ output: [String: String]) throws {
    for file in try recorded().keys where output[file] == nil {
      try FileManager.default.removeItem(at: folder.appending(path: file))
    }
    for (file, text) in output {
      try text.write(to: folder.appending(path: file), atomically: true, encoding: .utf8)
    }
  }
}

extension EnvoyResource {
  /// The message as protobuf's JSON.
  func document() throws -> Document {
    _ = Self.registered
    let json = try name.type.message.init(serializedBytes: bytes).jsonString()
    return try JSONParser.document(from: Array(json.utf8))
  }

  private static let registered: Bool = EnvoyResourceType.embeddedMessages
    .allSatisfy { Google_Protobuf_Any.register(messageType: $0) }
}
