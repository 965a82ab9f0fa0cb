private import Subprocess
private import SystemPackage

/// A tool of the system that failed, with what it said.
package struct ToolFailure: Error, CustomStringConvertible {
  package let tool: String
  package let message: String
  package var description: String { "\(tool): \(message)" }
}

extension PacketFilter {
  /// Installs the rules, in place of older ones. Needs the right to administer the network.
  /// - Parameter namespace: of `ip netns`; nil is this process's own.
  package func install(in namespace: String? = nil) async throws {
    let tool = NetworkTool(namespace: namespace)
    var missing: [String] = []
    for (base, chain) in Self.chains {
      let found = try await tool("iptables", ["-w", "5", "-t", "nat", "-C", base, "-j", chain])
      if !found.succeeded { missing.append(base) }
    }
    let restored = try await tool(
      "iptables-restore", ["--noflush", "-w", "5"], input: restoreText(missingJumps: missing))
    guard restored.succeeded else {
      throw ToolFailure(tool: "iptables-restore", message: restored.message)
    }
  }

  /// Takes the rules and the chains away; what is already gone is no error.
  package static func remove(in namespace: String? = nil) async throws {
    let tool = NetworkTool(namespace: namespace)
    for (base, chain) in chains {
      for command in [["-D", base, "-j", chain], ["-F", chain], ["-X", chain]] {
        _ = try await tool("iptables", ["-w", "5", "-t", "nat"] + command)
      }
    }
  }

  /// Makes sure that a connection to the virtual range finds a route, without which it would fail
  /// before any rule is asked. True when a route had to be added.
  package static func ensureRoute(in namespace: String? = nil) async throws -> Bool {
    let tool = NetworkTool(namespace: namespace)
    let found = try await tool("ip", ["-4", "route", "get", "240.240.0.1"])
    if found.succeeded { return false }
    let added = try await tool("ip", ["-4", "route", "replace", virtualRange, "dev", "lo"])
    guard added.succeeded else { throw ToolFailure(tool: "ip route", message: added.message) }
    return true
  }
}

private struct NetworkTool {
  struct Result {
    var succeeded: Bool
    var message: String
  }

  let namespace: String?

  func callAsFunction(
    _ name: String, _ arguments: [String], input: String = ""
  ) async throws -> Result {
    var command = [name] + arguments
    if let namespace { command = ["ip", "netns", "exec", namespace] + command }
    // Services often run without sbin in their path.
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    let result = try await Subprocess.run(
      .path("/usr/bin/env"), arguments: Arguments(command), environment: .custom(["PATH": path]),
      input: .string(input), output: .string(limit: 16384), error: .string(limit: 16384))
    let message = result.standardError + result.standardOutput
    return Result(
      succeeded: result.terminationStatus.isSuccess,
      message: String(decoding: message.utf8.prefix(500), as: UTF8.self))
  }
}
