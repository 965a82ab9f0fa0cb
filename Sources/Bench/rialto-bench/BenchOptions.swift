import ArgumentParser
import Foundation

/// What every scenario needs to start the real processes.
struct BenchOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The rialto binary; beside this one unless set.", valueName: "path"))
  var rialto: String?

  @Option(
    help: ArgumentHelp(
      "Envoy's binary; RIALTO_ENVOY, or the one under .envoy, unless set.", valueName: "path"))
  var envoy: String?

  @Flag(help: "Print one JSON object instead of a table.")
  var json = false

  @Flag(help: "Keep the folder of the run, with the logs of every process.")
  var keep = false

  /// As they are handed on to another scenario, which is told apart what to print.
  var arguments: [String] {
    (rialto.map { ["--rialto", $0] } ?? []) + (envoy.map { ["--envoy", $0] } ?? [])
      + (keep ? ["--keep"] : [])
  }

  func rialtoPath() throws -> String {
    let beside = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("rialto").path
    return try executable(rialto ?? beside, "rialto is not found: give --rialto")
  }

  func envoyPath() throws -> String {
    if let given = envoy ?? ProcessInfo.processInfo.environment["RIALTO_ENVOY"] {
      return try executable(given, "\(given) is not executable")
    }
    let library = FileManager.default.currentDirectoryPath + "/.envoy/lib"
    let versions = try? FileManager.default.contentsOfDirectory(atPath: library)
    for version in (versions ?? []).sorted() {
      let path = "\(library)/\(version)/site-packages/envoy/_bin/envoy"
      if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    throw ValidationError("Envoy is not found: give --envoy, or set RIALTO_ENVOY")
  }

  private func executable(_ path: String, _ problem: String) throws -> String {
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw ValidationError(problem)
    }
    return path
  }
}
