import EmbeddedFiles
import Foundation
import Testing

@Suite struct `Embedded files` {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test(arguments: ["Migrations", "Web"])
  func `the binary holds every file of the folder, byte for byte`(folder: String) throws {
    let names = try FileManager.default.contentsOfDirectory(
      atPath: Self.root.appendingPathComponent(folder).path
    ).sorted()
    let embedded = EmbeddedFiles.all.filter { $0.path.hasPrefix("\(folder)/") }
    #expect(embedded.map(\.name).sorted() == names)
    for file in embedded {
      let data = try Data(contentsOf: Self.root.appendingPathComponent(file.path))
      #expect(Array(data) == file.bytes, "\(file.path)")
    }
  }

  @Test func `server and agent have lists of migrations of their own, in order`() {
    let server = EmbeddedFiles.serverMigrations.map(\.name)
    #expect(server.first == "m001-create-tables.sql")
    #expect(server == server.sorted())
    #expect(EmbeddedFiles.agentMigrations.allSatisfy { $0.name.hasPrefix("agent-m") })
  }
}
