import Foundation
import Identity
import Testing

struct TokenAndFileTests {
  private static let agent = JoinToken.agent(
    JoinToken.Agent(
      id: "0a1b", secret: Array(0..<32), organization: "acme", cluster: "east",
      trustDomain: "east.acme.mesh", pin: Array(32..<64)))
  private static let workload = JoinToken.workload(
    JoinToken.Workload(
      id: "0a1c", secret: Array(0..<32), cluster: "east", trustDomain: "east.acme.mesh",
      pin: Array(32..<64)))

  @Test(arguments: [agent, workload])
  func `a token is read back from its text, also with white space around it`(token: JoinToken)
    throws
  {
    #expect(token.text.utf8.starts(with: "rlt1.".utf8))
    #expect(try JoinToken(text: token.text) == token)
    #expect(try JoinToken(text: " \(token.text)\r\n") == token)
  }

  @Test func `a token does not print its secret`() {
    #expect("\(Self.agent)" == "JoinToken(redacted)")
    #expect(String(reflecting: Self.agent) == "JoinToken(redacted)")
    #expect("\(PrivateKey())" == "PrivateKey(redacted)")
    var dumped = ""
    dump(PrivateKey(), to: &dumped)
    #expect(!dumped.contains("P256"))
  }

  @Test(arguments: [
    "", "rlt1.", "rlt1.e30", "rlt2.e30", "rlt1.!!!!", "rlt1." + String(repeating: "a", count: 5000),
    "rlt1.bm90IGpzb24", "rlt1.e30=",
  ])
  func `text that is no token is refused`(text: String) {
    #expect(throws: JoinToken.Unreadable.self) { try JoinToken(text: text) }
  }

  @Test func `secrets differ`() {
    #expect(JoinToken.newSecret() != JoinToken.newSecret())
    #expect(JoinToken.newSecret().count == 32)
  }

  @Test(arguments: [0, 1, 2, 3, 31, 32, 33])
  func `base64url keeps every byte`(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ 250) }
    #expect(base64urlBytes(base64url(bytes).utf8) == bytes)
  }

  @Test(arguments: [
    (0.0, 0.0, 500.0), (0, 1, 550), (0, -1, 450), (400, 0, 100), (500, 0, 0), (900, 0, 0),
    (0, 7, 550), (0, -7, 450),
  ])
  func `renewal is due at half of the life, give or take a tenth`(
    elapsed: Double, jitter: Double, wait: Double
  ) {
    let start = Date(timeIntervalSince1970: 1_000_000)
    let life = Lifespan(notBefore: start, notAfter: start + 1000)
    #expect(renewal(of: life, now: start + elapsed, jitter: jitter) == .seconds(wait))
  }

  @Test func `a key file is private and replaced as a whole`() throws {
    let folder = try TemporaryFolder()
    let file = KeyFile(path: folder.path("key.pem"))
    #expect(!file.exists)
    #expect(throws: KeyFile.Failure.self) { try file.read() }
    try file.write([1, 2, 3])
    try file.write([4, 5])
    #expect(try file.read() == [4, 5])
    let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 1)
  }

  @Test(arguments: [0o640, 0o604, 0o666])
  func `a key file that others may touch is refused`(mode: Int) throws {
    let folder = try TemporaryFolder()
    let file = KeyFile(path: folder.path("key.pem"))
    try file.write([1])
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
    #expect(throws: KeyFile.Failure.self) { try file.read() }
  }
}
