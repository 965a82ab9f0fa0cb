private import Glibc

/// A file operation that failed.
package struct FileFailure: Error, CustomStringConvertible {
  package let operation: String
  package let path: String
  package let code: Int32

  init(_ operation: String, _ path: String) {
    self.operation = operation
    self.path = path
    code = errno
  }

  package var description: String {
    "\(operation) \(path): \(unsafe String(cString: strerror(code)))"
  }
}

/// Writes `bytes` so that a reader, also after a power cut, finds either the old content or the new
/// one. The file is readable by its owner only.
package func replaceFile(at path: String, with bytes: [UInt8]) throws {
  let temporary = path + ".new"
  let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
  guard file >= 0 else { throw FileFailure("open", temporary) }
  do {
    defer { close(file) }
    guard fchmod(file, 0o600) == 0 else { throw FileFailure("chmod", temporary) }
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe write(file, buffer.baseAddress.map { unsafe $0 + written }, buffer.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileFailure("write", temporary) }
      written += count
    }
    guard fsync(file) == 0 else { throw FileFailure("sync", temporary) }
  }
  guard unsafe rename(temporary, path) == 0 else { throw FileFailure("rename", path) }
  let parent = folder(of: path)
  let directory = unsafe open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard directory >= 0 else { throw FileFailure("open", parent) }
  defer { close(directory) }
  guard fsync(directory) == 0 else { throw FileFailure("sync", parent) }
}

/// The content of a file, or nil when there is none. A file beyond `limit` bytes is an error.
package func readFile(at path: String, limit: Int) throws -> [UInt8]? {
  let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else {
    if errno == ENOENT { return nil }
    throw FileFailure("open", path)
  }
  defer { close(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = unsafe chunk.withUnsafeMutableBytes { buffer in
      unsafe read(file, buffer.baseAddress, buffer.count)
    }
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else { throw FileFailure("read", path) }
    if count == 0 { return bytes }
    bytes += chunk[..<count]
    guard bytes.count <= limit else {
      errno = EFBIG
      throw FileFailure("read", path)
    }
  }
}

/// Creates a folder and those above it, for the owner only.
package func createPrivateFolder(_ path: String) throws {
  let parent = folder(of: path)
  if parent != path, unsafe access(parent, F_OK) != 0 { try createPrivateFolder(parent) }
  guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileFailure("mkdir", path) }
}

func removeFile(_ path: String) { _ = unsafe unlink(path) }

private func folder(of path: String) -> String {
  guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
  let parent = String(path[..<slash])
  return parent.isEmpty ? "/" : parent
}

/// A lock that the kernel gives back when its holder ends, in whatever way.
package final class FileLock: Sendable {
  private let file: Int32

  /// Nil when another process holds it.
  package init?(_ path: String) throws {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileFailure("open", path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      return nil
    }
    // Last: once it is set, a failing initializer runs `deinit`, which would close it again.
    file = descriptor
  }

  deinit { close(file) }
}
