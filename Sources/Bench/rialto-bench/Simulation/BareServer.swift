import ArgumentParser
import DeltaXDS
import DiscoveryProtos
import Documents
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCProtobuf
import Identity
import SecureTransport
import SwiftProtobuf
import Synchronization

/// The least that a change for many proxies can cost: a server that sends the same bytes to every
/// stream when it is told to, and takes the acknowledgements. In a process of its own.
struct BareServerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bare-server", abstract: "A baseline; started by other scenarios.",
    shouldDisplay: false)

  @Option(help: "Where to listen.") var address: String
  @Option(help: "Where to listen.") var port: Int

  func run() async throws {
    // Secrets come over standard input.
    guard let line = readLine() else { throw ValidationError("no credentials") }
    let credentials = try BareCredentials(text: line)
    let service = BareService()
    let transport = try mutualTLSServer(
      host: address, port: port, credentials: CredentialSource(credentials.own),
      peers: .verified({ credentials.bundle }, allowsUnenrolled: false))
    try await untilInterrupted {
      try await GRPCServer(transport: transport, services: [service]).serve()
    }
  }
}

/// What both sides of the baseline present and believe.
struct BareCredentials: Sendable {
  static let trustDomain = "bare.bench.mesh"

  let key: PrivateKey
  let chain: [[UInt8]]
  let authority: [UInt8]

  var own: Credentials { Credentials(chain: chain, key: key) }
  var bundle: TrustBundle { TrustBundle(authorities: [Self.trustDomain: [authority]]) }

  /// A server and a client of one authority.
  static func pair() throws -> (server: BareCredentials, client: BareCredentials) {
    let authority = try CertificateAuthority.cluster(
      trustDomain: trustDomain, key: PrivateKey(), now: Date())
    func issue(_ id: SPIFFEID) throws -> BareCredentials {
      let key = PrivateKey()
      let chain = try authority.issue(
        CertificateRequest(der: try CertificateRequest.make(for: key)), as: id, dnsNames: [],
        addresses: [], lifetime: .seconds(24 * 3600), now: Date())
      return BareCredentials(key: key, chain: chain, authority: authority.certificate)
    }
    return (
      try issue(.agent(trustDomain: trustDomain)),
      try issue(
        .workload(trustDomain: trustDomain, namespace: "bare", serviceAccount: "bare"))
    )
  }

  private init(key: PrivateKey, chain: [[UInt8]], authority: [UInt8]) {
    self.key = key
    self.chain = chain
    self.authority = authority
  }

  init(text: String) throws {
    let document = try JSONParser.document(from: Array(text.utf8))
    func bytes(_ text: String?) -> [UInt8] {
      text.flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) } ?? []
    }
    self.init(
      key: try PrivateKey(pem: document["key"]?.string ?? ""),
      chain: (document["chain"]?.list ?? []).map { bytes($0.string) },
      authority: bytes(document["authority"]?.string))
  }

  var text: String {
    let document: Document = [
      "key": .string(key.pem),
      "chain": .list(chain.map { .string(Data($0).base64EncodedString()) }),
      "authority": .string(Data(authority).base64EncodedString()),
    ]
    return document.canonicalText
  }
}

/// Streams that get what one of them, the node `push`, asks for in its nonce: so many bytes, so many
/// parts, each after the acknowledgement of the one before, or what the naive server finds to have
/// changed.
private struct BareService: RegistrableRPCService {
  private final class Streams: Sendable {
    private let all = Mutex<[Int: AsyncStream<Order>.Continuation]>([:])
    private let next = Mutex(0)

    func open() -> (Int, orders: AsyncStream<Order>, acknowledged: @Sendable () -> Void) {
      let number = next.withLock { number in
        number += 1
        return number
      }
      let (stream, continuation) = AsyncStream.makeStream(of: Order.self)
      all.withLock { $0[number] = continuation }
      return (number, stream, { continuation.yield(.acknowledged) })
    }

    func close(_ number: Int) { all.withLock { $0[number] = nil } }

    func push(_ order: Order) {
      for stream in all.withLock({ Array($0.values) }) { stream.yield(order) }
    }
  }

  private enum Order: Sendable {
    case bytes([UInt8])
    case parts(count: Int, [UInt8])
    case recompute(NaiveView)
    case acknowledged
  }

  private struct Bytes: MessageSerializer {
    func serialize<Out: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Out { Out(message) }
  }

  private let streams = Streams()

  func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
    router.registerHandler(
      forMethod: Envoy_Service_Discovery_V3_AggregatedDiscoveryService.Method
        .DeltaAggregatedResources.descriptor,
      deserializer: ProtobufDeserializer<DeltaDiscoveryRequest>(), serializer: Bytes()
    ) { [streams] request, _ in
      StreamingServerResponse { writer in
        let (number, orders, acknowledged) = streams.open()
        defer { streams.close(number) }
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            for try await request in request.messages {
              if request.node.id != "push" {
                if !request.responseNonce.isEmpty { acknowledged() }
              } else if let push = BarePush(text: request.responseNonce) {
                streams.push(Self.order(push))
              }
            }
          }
          group.addTask {
            // Tells the client that it is taken note of.
            try await writer.write(Self.response(of: 0, nonce: ""))
            var held: [String: StableHash] = [:]
            var (part, left): ([UInt8], Int) = ([], 0)
            for await order in orders {
              switch order {
              case .bytes(let bytes): try await writer.write(bytes)
              case .parts(let count, let bytes):
                (part, left) = (bytes, count - 1)
                try await writer.write(part)
              case .acknowledged where left > 0:
                left -= 1
                try await writer.write(part)
              case .acknowledged: break
              case .recompute(let view):
                try await writer.write(Self.response(view.difference(from: &held)))
              }
            }
          }
          try await group.next()
          group.cancelAll()
        }
        return [:]
      }
    }
  }

  private static func order(_ push: BarePush) -> Order {
    switch push {
    case .bytes(let size): .bytes(response(of: size, nonce: "1"))
    case .parts(let count, let size): .parts(count: count, response(of: size, nonce: "1"))
    case .naive(let services, let turn): .recompute(NaiveView(services: services, turn: turn))
    }
  }

  private static func response(_ resources: [Resource]) -> [UInt8] {
    let response = DeltaDiscoveryResponse.with {
      $0.typeURL = ResourceType.routes.url
      $0.nonce = "1"
      $0.resources = resources.map { resource in
        .with {
          $0.name = resource.name.name
          $0.version = resource.version
          $0.resource.typeURL = ResourceType.routes.url
          $0.resource.value = Data(resource.body)
        }
      }
    }
    return (try? response.serializedBytes()) ?? []
  }

  /// One resource that fills a response of about `size` bytes.
  private static func response(of size: Int, nonce: String) -> [UInt8] {
    let response = DeltaDiscoveryResponse.with {
      $0.typeURL = ResourceType.routes.url
      $0.nonce = nonce
      $0.resources = [
        .with {
          $0.name = "bare"
          $0.version = "0000000000000001"
          $0.resource.typeURL = ResourceType.routes.url
          $0.resource.value = Data(repeating: 0, count: max(0, size - 170))
        }
      ]
    }
    return (try? response.serializedBytes()) ?? []
  }
}
