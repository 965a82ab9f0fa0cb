import Crypto
import EmbeddedFiles
import HTTPTypes
import Hummingbird
import NIOCore

/// The files of the dashboard, from inside the binary.
enum Dashboard {
  struct File {
    let bytes: [UInt8]
    /// Of the content: a file that changes always gets another one.
    let tag: String
    let type: String
  }

  static func file(_ name: String) -> File? { files[name] }

  static func response(to call: Call, file name: String) throws -> Response {
    guard let file = files[name] else {
      throw Problem(.notFound, .missing, "Not found", "there is no such file")
    }
    let headers: HTTPFields = [
      .contentType: file.type, .eTag: file.tag, .cacheControl: "no-cache",
      .contentSecurityPolicy: SecurityHeaders.pagePolicy,
    ]
    if call.isKnown(tag: file.tag) { return Response(status: .notModified, headers: headers) }
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
  }

  private static let files: [String: File] = Dictionary(
    uniqueKeysWithValues: EmbeddedFiles.web.map { file in
      let digest = SHA256.hash(data: file.bytes).map { String($0, radix: 16) }.joined()
      return (file.name, File(bytes: file.bytes, tag: "\"\(digest)\"", type: type(of: file.name)))
    })

  private static func type(of name: String) -> String {
    switch name.split(separator: ".").last {
    case "html": "text/html; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    default: "application/octet-stream"
    }
  }
}
