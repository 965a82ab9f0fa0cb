import Glibc

/// What another program, or a person, writes to us.
enum StandardInput {
  /// Everything up to the end, or `limit` bytes.
  static func read(upTo limit: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    var filled = 0
    while filled < limit {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(
          STDIN_FILENO, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw Failure(
          .failed, .noInput, "the standard input cannot be read", advice: "Name a file with -f.")
      }
      if count == 0 { break }
      filled += count
    }
    return Array(bytes[..<filled])
  }
}
