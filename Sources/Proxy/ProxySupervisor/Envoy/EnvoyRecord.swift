private import Documents
private import Foundation

/// What is written down about the running Envoy, so that a supervisor that comes after a kill finds
/// it again.
package struct EnvoyRecord: Hashable, Sendable {
  /// Of hot restart: the processes of one instance share it, no other does.
  package var baseID: Int64
  package var epoch: Int64
  package var processID: Int64

  package init(baseID: Int64, epoch: Int64, processID: Int64) {
    self.baseID = baseID
    self.epoch = epoch
    self.processID = processID
  }

  package init?(parsing bytes: [UInt8]) {
    guard let document = try? JSONParser.document(from: bytes),
      let baseID = document["baseID"]?.integer, let epoch = document["epoch"]?.integer,
      let processID = document["processID"]?.integer, processID > 1, (0..<1_000_000).contains(epoch)
    else { return nil }
    self.init(baseID: baseID, epoch: epoch, processID: processID)
  }

  package var bytes: [UInt8] {
    let document: Document = [
      "baseID": .integer(baseID), "epoch": .integer(epoch), "processID": .integer(processID),
    ]
    return document.canonicalJSON
  }

  /// Different for every folder, the same on every start. Envoy multiplies it by ten.
  package static func baseID(for folder: String) -> Int64 {
    var hash: UInt64 = 14_695_981_039_346_656_037  // FNV-1a
    for byte in folder.utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
    return Int64(hash % 400_000_000) + 1
  }

  /// Whether the process still runs and is the Envoy that was recorded: its number alone may by now
  /// belong to anybody.
  package func isRunning(executable: String) -> Bool {
    let process = "/proc/\(processID)"
    guard
      let actual = try? FileManager.default.destinationOfSymbolicLink(atPath: process + "/exe"),
      // An executable that was replaced meanwhile is shown with this suffix.
      actual == resolved(executable) || actual == resolved(executable) + " (deleted)",
      let line = FileManager.default.contents(atPath: process + "/cmdline")
    else { return false }
    return belongs(commandLine: Array(line))
  }

  /// Whether these arguments, each with a zero behind it, are those of the recorded process. None at
  /// all means that it has only just been started: the system shows the program before its arguments.
  package func belongs(commandLine: [UInt8]) -> Bool {
    if commandLine.isEmpty { return true }
    let arguments = commandLine.split(separator: 0).map { Array($0) }
    guard let option = arguments.firstIndex(of: Array("--base-id".utf8)),
      option + 1 < arguments.count
    else { return false }
    return arguments[option + 1] == Array(String(baseID).utf8)
  }

  /// Whether the process is over, reaped or not. For a child of ours, whose number nobody else has.
  package var hasEnded: Bool {
    guard let line = FileManager.default.contents(atPath: "/proc/\(processID)/stat"),
      // The name before it may hold anything, parentheses too.
      let name = line.lastIndex(of: UInt8(ascii: ")")),
      let state = line[name...].dropFirst(2).first
    else { return true }
    return state == UInt8(ascii: "Z") || state == UInt8(ascii: "X")
  }

  private func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }
}
