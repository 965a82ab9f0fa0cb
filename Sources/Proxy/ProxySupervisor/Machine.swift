private import Foundation
private import Subprocess
private import SystemPackage

/// What this machine and its Envoy are.
enum Machine {
  static var hostName: String { ProcessInfo.processInfo.hostName }

  /// The release of an Envoy binary; throws when it cannot be run.
  static func envoyVersion(_ executable: String) async throws -> String {
    let result = try await Subprocess.run(
      .path(FilePath(executable)), arguments: ["--version"], input: .none,
      output: .string(limit: 4096), error: .discarded)
    // "…/envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL"
    let parts = result.standardOutput.split(separator: "/")
    return parts.dropLast(3).last.map(String.init) ?? ""
  }
}
