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

  static func read() -> MachineFacts {
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
    return MachineFacts(
      cores: ProcessInfo.processInfo.activeProcessorCount,
      model: model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown",
      kernel: text("/proc/sys/kernel/osrelease").trimmingCharacters(in: .whitespacesAndNewlines),
      load: text("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) } ?? 0,
      build: build)
  }

  var document: Document {
    [
      "cores": .integer(Int64(cores)), "model": .string(model), "kernel": .string(kernel),
      "load": .number(load), "build": .string(build),
    ]
  }

  var text: String { "\(cores) cores (\(model)), Linux \(kernel), load \(load), \(build) build" }
}

/// Processes as `/proc` shows them.
enum ProcessTable {
  /// The processor time that a process has used so far; nil when it is gone.
  static func processorTime(of process: Int32) -> Duration? {
    guard
      let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    // After the name come the fields from the third on; user and system time are 14 and 15.
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 12, let user = Int64(fields[11]), let system = Int64(fields[12]) else {
      return nil
    }
    return .seconds(Double(user + system) / Double(sysconf(Int32(_SC_CLK_TCK))))
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
      quiet = now - last < .milliseconds(10) ? quiet + 1 : 0
      last = now
      return quiet >= 4
    }
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
