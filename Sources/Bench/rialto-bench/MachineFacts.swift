import Documents
import Foundation
import Glibc

/// What the figures were taken on.
struct MachineFacts: Sendable {
  var cores: Int
  var model: String
  var kernel: String
  /// At the start of the run: one minute's average.
  var load: Double
  var build: String
  /// The version of what is measured.
  var rialto: String
  /// Likewise; nil when there is none, as not every scenario needs one.
  var envoy: String?

  init(
    cores: Int, model: String, kernel: String, load: Double, build: String, rialto: String,
    envoy: String?
  ) {
    self.cores = cores
    self.model = model
    self.kernel = kernel
    self.load = load
    self.build = build
    self.rialto = rialto
    self.envoy = envoy
  }

  static func read(_ options: BenchOptions) async throws -> MachineFacts {
    func text(_ path: String) -> String {
      (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
    let model = text("/proc/cpuinfo").split(separator: "\n")
      .first { $0.hasPrefix("model name") }?
      .split(separator: ":", maxSplits: 1).last
    #if DEBUG
    let build = "debug"
    #else
    let build = "release"
    #endif
    func version(_ executable: String) async throws -> String {
      try await CommandRun(executable: executable, arguments: ["--version"]).output()
    }
    var envoy: String?
    if let path = try? options.envoyPath() {
      // Where it is from, its version, and how it was built, with slashes between them.
      envoy = try await version(path).split(separator: "/").dropLast(3).last.map(String.init)
    }
    return MachineFacts(
      cores: ProcessInfo.processInfo.activeProcessorCount,
      model: model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown",
      kernel: text("/proc/sys/kernel/osrelease").trimmingCharacters(in: .whitespacesAndNewlines),
      load: text("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) } ?? 0,
      build: build, rialto: try await version(options.rialtoPath()),
      envoy: envoy)
  }

  var document: Document {
    [
      "cores": .integer(Int64(cores)), "model": .string(model), "kernel": .string(kernel),
      "load": .number(load), "build": .string(build), "rialto": .string(rialto),
      "envoy": envoy.map { .string($0) } ?? .null,
    ]
  }

  /// - Throws: when the document is not one that `document` makes.
  init(_ document: Document) throws {
    guard let cores = document["cores"]?.integer, let model = document["model"]?.string,
      let kernel = document["kernel"]?.string, let load = document["load"]?.double,
      let build = document["build"]?.string, let rialto = document["rialto"]?.string
    else { throw Impatience(description: "a report does not say what it was taken on") }
    self.init(
      cores: Int(cores), model: model, kernel: kernel, load: load, build: build, rialto: rialto,
      envoy: document["envoy"]?.string)
  }

  var text: String {
    "\(cores) cores (\(model)), Linux \(kernel), load \(load), "
      + "\(build) build of Rialto \(rialto)" + (envoy.map { ", Envoy \($0)" } ?? "")
  }
}

/// Processes as `/proc` shows them.
enum ProcessTable {
  /// The processor time that a process has used so far, its threads that ended included; nil when
  /// it is gone.
  static func processorTime(of process: Int32) -> Duration? {
    var clock = clockid_t()
    guard unsafe clock_getcpuclockid(process, &clock) == 0 else { return nil }
    var time = timespec()
    guard unsafe clock_gettime(clock, &time) == 0 else { return nil }
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// The resident memory of a process now, and the most it has had, in bytes.
  static func memory(of process: Int32) -> (now: Int, peak: Int)? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else {
      return nil
    }
    func kilobytes(_ key: String) -> Int? {
      text.split(separator: "\n").first { $0.hasPrefix(key) }?
        .split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }
    guard let now = kilobytes("VmRSS:"), let peak = kilobytes("VmHWM:") else { return nil }
    return (now << 10, peak << 10)
  }

  /// How many files, sockets and the like a process has open.
  static func descriptors(of process: Int32) -> Int? {
    try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count
  }

  /// Lets the peak of a process begin anew.
  static func resetPeak(of process: Int32) {
    try? "5".write(toFile: "/proc/\(process)/clear_refs", atomically: false, encoding: .utf8)
  }

  /// Waits until a process has been idle for a while.
  static func rest(of process: Int32) async throws {
    var last = processorTime(of: process) ?? .zero
    var quiet = 0
    try await wait(for: "rest of process \(process)", .seconds(120)) {
      try await Task.sleep(for: .milliseconds(50))
      let now = processorTime(of: process) ?? .zero
      quiet = now - last < .milliseconds(3) ? quiet + 1 : 0
      last = now
      return quiet >= 4
    }
  }

  /// Resident, in bytes, once a process is at rest and has returned what it does not need: that it
  /// does after a second or two.
  static func settledMemory(of process: Int32) async throws -> Int {
    try await rest(of: process)
    try await Task.sleep(for: .seconds(3))
    return memory(of: process)?.now ?? 0
  }

  /// The processes whose command line has `text` in it.
  static func processes(mentioning text: String) -> [Int32] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.compactMap { Int32($0) }.filter { process in
      guard process != getpid(),
        let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline")
      else { return false }
      return line.range(of: Data(text.utf8)) != nil
    }
  }
}
