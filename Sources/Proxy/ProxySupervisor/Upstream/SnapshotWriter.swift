package import Logging
private import Streams

/// Keeps the file of what Envoy holds in step. One writer; what changes while it writes is in the
/// next file, however often it changed.
package struct SnapshotWriter: Sendable {
  private let path: String
  private let nodeID: String
  private let relay: Relay
  private let firstGeneration: UInt64
  private let logger: Logger

  package init(
    path: String, nodeID: String, after generation: UInt64, relay: Relay, logger: Logger
  ) {
    self.path = path
    self.nodeID = nodeID
    self.relay = relay
    self.logger = logger
    firstGeneration = generation &+ 1
  }

  package func run() async {
    var generation = firstGeneration
    for await change in relay.changes.values() where change > 0 {
      let file = SnapshotFile(nodeID: nodeID, generation: generation, resources: relay.held)
      generation &+= 1
      do {
        try replaceFile(at: path, with: file.bytes)
      } catch {
        logger.error("cannot write the snapshot", metadata: ["error": "\(error)"])
      }
    }
  }
}

extension SnapshotFile {
  /// The snapshot at `path`, or an empty one: a file that is damaged or another proxy's is said in
  /// the log and not used.
  package static func read(at path: String, nodeID: String, logger: Logger) -> SnapshotFile {
    let empty = SnapshotFile(nodeID: nodeID, generation: 0, resources: [])
    do {
      guard let bytes = try readFile(at: path, limit: maximumSize) else { return empty }
      let file = try SnapshotFile(parsing: bytes)
      guard file.nodeID == nodeID else { throw Defect.foreign }
      return file
    } catch {
      logger.error("the snapshot is not used", metadata: ["path": "\(path)", "error": "\(error)"])
      return empty
    }
  }
}
