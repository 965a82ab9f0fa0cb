private import Glibc

/// Keeps other processes out of a database for as long as this value lives.
final class FileLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock of `path` and its file, which only its owner may read.
  init(path: String) throws {
    let lockPath = "\(path).lock"
    descriptor = try Self.openPrivately(lockPath)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let failure = errno
      close(descriptor)
      throw failure == EWOULDBLOCK
        ? DatabaseOpeningError.inUse(path: path)
        : DatabaseOpeningError.file(path: lockPath, errno: failure)
    }
    // SQLite gives its side files the mode of the main one.
    let file: Int32
    do { file = try Self.openPrivately(path) } catch {
      close(descriptor)
      throw error
    }
    close(file)
  }

  deinit { close(descriptor) }

  private static func openPrivately(_ path: String) throws -> Int32 {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw DatabaseOpeningError.file(path: path, errno: errno) }
    guard fchmod(descriptor, 0o600) == 0 else {
      let failure = errno
      close(descriptor)
      throw DatabaseOpeningError.file(path: path, errno: failure)
    }
    return descriptor
  }
}
