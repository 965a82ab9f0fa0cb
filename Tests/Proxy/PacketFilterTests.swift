import Foundation
import Testing

@testable import ProxySupervisor

/// Runs a program; its output, and whether it succeeded.
func runProgram(_ path: String, _ arguments: [String]) throws -> (succeeded: Bool, output: String) {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: path)
  process.arguments = arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let output = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (process.terminationStatus == 0, String(decoding: output, as: UTF8.self))
}

private let canHaveNamespaces =
  geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/sbin/iptables")

@Suite(
  .enabled(if: canHaveNamespaces, "needs root and iptables, for a network namespace of its own"),
  .timeLimit(.minutes(3)))
struct `The packet filter in a network namespace` {
  private let namespace = "rialto-filter-\(ProcessInfo.processInfo.processIdentifier)"

  private func ip(_ arguments: String...) throws -> (succeeded: Bool, output: String) {
    try runProgram("/usr/sbin/ip", arguments)
  }

  private func rules() throws -> [String] {
    try ip("netns", "exec", namespace, "iptables-save", "-t", "nat").output
      .split(separator: "\n").map(String.init).filter { $0.contains("RIALTO") }
  }

  @Test func `rules are installed once, bring traffic in, and go without a trace`() async throws {
    try #require(try ip("netns", "add", namespace).succeeded)
    defer { _ = try? ip("netns", "delete", namespace) }
    try #require(try ip("-n", namespace, "link", "set", "lo", "up").succeeded)

    #expect(try await PacketFilter.ensureRoute(in: namespace), "there was no route")
    #expect(try await !PacketFilter.ensureRoute(in: namespace), "now there is")
    let filter = PacketFilter(inboundPorts: [8080], names: .all)
    try await filter.install(in: namespace)
    let first = try rules()
    #expect(first.count == 10, "\(first)")
    try await filter.install(in: namespace)
    #expect(try rules() == first)

    _ = try ip("-n", namespace, "route", "add", "default", "dev", "lo")
    let probe = try ip("netns", "exec", namespace, "python3", "-c", Self.probe)
    #expect(probe.output == "captured 240.240.0.9:8080\nasked\nmarked: not asked\n")

    try await PacketFilter.remove(in: namespace)
    #expect(try rules().isEmpty)
    try await PacketFilter.remove(in: namespace)
  }

  /// Listens where Envoy and the resolver would, and goes to where an application would.
  private static let probe = """
    import socket, struct
    envoy = socket.create_server(("127.0.0.1", 15001))
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 15053))
    names.settimeout(3)
    socket.create_connection(("240.240.0.9", 8080), timeout=3)
    accepted, _ = envoy.accept()
    port, address = struct.unpack("!2xH4s8x", accepted.getsockopt(socket.SOL_IP, 80, 16))
    print("captured %s:%d" % (socket.inet_ntoa(address), port))
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.sendto(b"question", ("192.0.2.1", 53))
    print("asked" if names.recv(64) == b"question" else "something else")
    marked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    marked.setsockopt(socket.SOL_SOCKET, 36, 0x1EE7)
    marked.sendto(b"marked", ("192.0.2.1", 53))
    names.settimeout(0.3)
    try:
        names.recv(64)
        print("marked: asked")
    except TimeoutError:
        print("marked: not asked")
    """
}
