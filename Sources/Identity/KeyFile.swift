private import Glibc

/// A small secret file: mode 0600, replaced as a whole.
package struct KeyFile: Hashable, Sendable {
  package struct Failure: Error, Hashable, CustomStringConvertible {
    package let description: String
  }

  package static let maximumLength = 1 << 20

  package let path: String

  package init(path: String) { self.path = path }

  package var exists: Bool { unsafe access(path, F_OK) == 0 }

  /// The file's bytes. Refuses a file that others than its owner may read or write.
  package func read() throws(Failure) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw failure("open") }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw failure("inspect") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(description: "\(path) is not a regular file")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw Failure(description: "\(path) holds a secret and must have mode 0600")
    }
    guard (0...Self.maximumLength).contains(Int(status.st_size)) else {
      throw Failure(description: "\(path) is longer than \(Self.maximumLength) bytes")
    }
    return try contents(of: descriptor)
  }

  private func contents(of descriptor: CInt) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while bytes.count <= Self.maximumLength {
      let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw failure("read")
      }
      if count == 0 { return bytes }
      bytes += chunk.prefix(count)
    }
    throw Failure(description: "\(path) is longer than \(Self.maximumLength) bytes")
  }

  /// Replaces the file: after a crash there is the old content or the new, never a part.
  package func write(_ bytes: [UInt8]) throws(Failure) {
    let temporary = "\(path).\(hexadecimal(randomBytes(6)))"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("create") }
    do throws(Failure) {
      defer { close(descriptor) }
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = unsafe rest.withUnsafeBytes {
          unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        if written < 0 {
          if errno == EINTR { continue }
          throw failure("write")
        }
        rest = rest.dropFirst(written)
      }
      guard fsync(descriptor) == 0 else { throw failure("sync") }
      guard unsafe rename(temporary, path) == 0 else { throw failure("rename") }
    } catch {
      unsafe unlink(temporary)
      throw error
    }
    try syncFolder()
  }

  private func syncFolder() throws(Failure) {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open the folder of") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure("sync the folder of") }
  }

  private func failure(_ action: String) -> Failure {
    let reason = unsafe String(cString: strerror(errno))
    return Failure(description: "cannot \(action) \(path): \(reason)")
  }
}
