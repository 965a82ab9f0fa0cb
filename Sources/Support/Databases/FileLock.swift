private import Glibc

/// Keeps other processes out of a database for as long as this value lives.
final class FileLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock of `path` and its file, which only its owner may read.
  init(path: String) throws {
    let lockPath = "\(path).lock"
    let lock = try Self.openPrivately(lockPath)
    do {
      guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
        throw errno == EWOULDBLOCK
          ? DatabaseOpeningError.inUse(path: path)
          : DatabaseOpeningError.file(path: lockPath, errno: errno)
      }
      // SQLite gives its side files the mode of the main one.
      close(try Self.openPrivately(path))
    } catch {
      close(lock)
      throw error
    }
    // Last: once it is set, a failing initializer runs `deinit`, which would close it again, when
    // the number may be another file's already.
    descriptor = lock
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
