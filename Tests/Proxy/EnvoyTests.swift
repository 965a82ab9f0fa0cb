import Documents
import Foundation
import Glibc
import TestSupport
import Testing

@testable import ProxySupervisor

/// The Envoy of this checkout, or of `RIALTO_ENVOY`.
enum EnvoyBinary {
  static let path: String? = {
    if let path = ProcessInfo.processInfo.environment["RIALTO_ENVOY"] { return path }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path
    let library = root + "/.envoy/lib"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
    return versions.map { "\(library)/\($0)/site-packages/envoy/_bin/envoy" }
      .first(where: FileManager.default.isExecutableFile)
  }()
}

/// A folder whose sockets have short paths, gone afterwards.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
  let folder = "/tmp/rialto-test-" + UUID().uuidString.prefix(8)
  try createPrivateFolder(folder)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try await body(folder)
}

@Suite(.enabled(if: EnvoyBinary.path != nil, "needs Envoy")) struct `Envoy's bootstrap` {
  @Test func `Envoy takes it`() async throws {
    let envoy = try #require(EnvoyBinary.path)
    try await withFolder { folder in
      let bootstrap = Bootstrap(
        nodeID: "orders-1", cluster: "orders.shop", discoverySocket: folder + "/xds.sock",
        administrationSocket: folder + "/admin.sock")
      try replaceFile(at: folder + "/b.json", with: bootstrap.document.canonicalJSON)
      let result = try runProgram(
        envoy, ["--mode", "validate", "-c", folder + "/b.json", "--disable-hot-restart"])
      #expect(result.succeeded, "\(result.output)")
    }
  }

  @Test func `Envoy's administration is reached on its socket, and ends it`() async throws {
    let envoy = try #require(EnvoyBinary.path)
    try await withFolder { folder in
      let socket = folder + "/admin.sock"
      let document: Document = ["admin": ["address": ["pipe": ["path": .string(socket)]]]]
      try replaceFile(at: folder + "/b.json", with: document.canonicalJSON)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: envoy)
      process.arguments = ["-c", folder + "/b.json", "--disable-hot-restart", "-l", "off"]
      try process.run()
      defer { if process.isRunning { process.terminate() } }
      let administration = EnvoyAdministration(socket: socket)
      try await waitUntil("Envoy") { await administration.isLive() }
      let statistics = try await administration.statistics(matching: "live")
      #expect(await administration.isLive(), "\(statistics)")
      #expect(statistics.contains("envoy_server_live"))
      try await administration.drain()
      try await administration.quit()
      try await waitUntil("the end of Envoy") { !process.isRunning }
    }
  }

  @Test func `Envoy says its release`() async throws {
    let version = try await Machine.envoyVersion(try #require(EnvoyBinary.path))
    #expect(version.split(separator: ".").count == 3)
  }
}

@Suite struct `The parent of an Envoy` {
  private func start(_ program: String, _ arguments: String...) throws -> (Process, Pipe) {
    let (process, pipe) = (Process(), Pipe())
    // Threads of tests block signals, and children of Foundation inherit that: the product's do not.
    let unblocked = """
      import os, signal, sys
      signal.pthread_sigmask(signal.SIG_SETMASK, [])
      os.execv(sys.argv[1], sys.argv[1:])
      """
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments =
      ["-c", unblocked, EnvoyParent.executable]
      + EnvoyParent.arguments(envoy: program, arguments)
    process.standardOutput = pipe
    try process.run()
    return (process, pipe)
  }

  private func announced(_ pipe: Pipe) -> Int32? {
    // To the end, which comes although the program has not ended.
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return Int32(text.trimmingCharacters(in: .newlines))
  }

  @Test func `it says which process Envoy is, and ends as Envoy ends`() async throws {
    let (process, pipe) = try start("/bin/sh", "-c", "exit 7")
    #expect(announced(pipe) != nil)
    try await waitUntil("its end") { !process.isRunning }
    #expect(process.terminationStatus == 7)
  }

  @Test func `it passes a request to end on`() async throws {
    let (process, pipe) = try start("/bin/sleep", "100")
    let envoy = try #require(announced(pipe))
    #expect(envoy != process.processIdentifier)
    process.terminate()
    try await waitUntil("its end") { !process.isRunning }
    #expect(process.terminationReason == .exit && process.terminationStatus == 128 + SIGTERM)
    #expect(kill(envoy, 0) == -1)
  }
}

@Suite struct `The record of a running Envoy` {
  @Test func `it is read as it was written, and nothing else is`() {
    let record = EnvoyRecord(baseID: 7, epoch: 1, processID: 4711)
    #expect(EnvoyRecord(parsing: record.bytes) == record)
    for text in [
      "", "{}", #"{"baseID":1,"epoch":-1,"processID":5}"#, #"{"baseID":1,"epoch":0,"processID":1}"#,
    ] {
      #expect(EnvoyRecord(parsing: Array(text.utf8)) == nil)
    }
  }

  @Test func `a process that is no Envoy of ours is not ended`() {
    let own = EnvoyRecord(
      baseID: 7, epoch: 0, processID: Int64(ProcessInfo.processInfo.processIdentifier))
    #expect(!own.isRunning(executable: "/usr/bin/envoy"))
    // Even if the binary is the same, the base id must be.
    let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    #expect(!own.isRunning(executable: executable ?? ""))
  }

  @Test func `a process shows its program before its arguments`() {
    let record = EnvoyRecord(baseID: 7, epoch: 0, processID: 4711)
    #expect(record.belongs(commandLine: []))
    #expect(record.belongs(commandLine: Array("envoy\0-c\0b\0--base-id\07\0".utf8)))
    #expect(!record.belongs(commandLine: Array("envoy\0--base-id\08\0".utf8)))
    #expect(!record.belongs(commandLine: Array("envoy\0--base-id\0".utf8)))
  }

  @Test func `what has ended is known, reaped or not`() {
    func record(_ processID: Int64) -> EnvoyRecord {
      EnvoyRecord(baseID: 7, epoch: 0, processID: processID)
    }
    #expect(!record(Int64(ProcessInfo.processInfo.processIdentifier)).hasEnded)
    #expect(record(Int64(Int32.max)).hasEnded)
  }

  @Test func `every folder has its own base id`() {
    let ids = (0..<1000).map { EnvoyRecord.baseID(for: "/run/rialto/\($0)") }
    #expect(Set(ids).count == 1000)
    #expect(ids.allSatisfy { (1...400_000_000).contains($0) })
  }
}
