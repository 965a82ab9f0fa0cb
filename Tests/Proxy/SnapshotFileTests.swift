import DeltaXDS
import Foundation
import Logging
import Testing

@testable import ProxySupervisor

private func snapshot() -> SnapshotFile {
  SnapshotFile(
    nodeID: "orders-1", generation: 7,
    resources: [
      Resource(name: ResourceName(.listener, "inbound"), version: "a1", body: [1, 2, 3]),
      Resource(name: ResourceName(.cluster, "app"), version: "b2", body: []),
    ])
}

@Suite struct `The snapshot on disk` {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "rialto-snapshot-" + UUID().uuidString
    try createPrivateFolder(folder)
  }

  private var path: String { folder + "/snapshot" }
  private var logger: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

  private func clean() { try? FileManager.default.removeItem(atPath: folder) }

  @Test func `what is written is read again`() throws {
    defer { clean() }
    try replaceFile(at: path, with: snapshot().bytes)
    #expect(SnapshotFile.read(at: path, nodeID: "orders-1", logger: logger) == snapshot())
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["snapshot"])
  }

  @Test func `a changed byte anywhere makes it worthless`() throws {
    let bytes = snapshot().bytes
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1
      #expect(throws: SnapshotFile.Defect.self) { try SnapshotFile(parsing: changed) }
    }
  }

  @Test func `a part of it is worthless`() {
    let bytes = snapshot().bytes
    for count in 0..<bytes.count {
      #expect(throws: SnapshotFile.Defect.self) {
        try SnapshotFile(parsing: Array(bytes.prefix(count)))
      }
    }
  }

  @Test func `a damaged file, another's file and no file are empty`() throws {
    defer { clean() }
    #expect(SnapshotFile.read(at: path, nodeID: "orders-1", logger: logger).resources.isEmpty)
    try replaceFile(at: path, with: snapshot().bytes.dropLast() + [0])
    #expect(SnapshotFile.read(at: path, nodeID: "orders-1", logger: logger).resources.isEmpty)
    try replaceFile(at: path, with: snapshot().bytes)
    #expect(SnapshotFile.read(at: path, nodeID: "orders-2", logger: logger).resources.isEmpty)
  }
}
