import GRDB
import Synchronization

/// Lets writes that wait at the same time share one transaction, because a commit costs a sync.
///
/// There is no timer: what arrives while a commit runs goes into the next one. The queue is as long
/// as there are callers waiting.
final class GroupCommit: Sendable {
  /// A write that waits: `run` does its part inside the transaction and keeps the result,
  /// `finish` answers the caller once the transaction has ended.
  private struct Request: Sendable {
    let run: @Sendable (Database) throws -> Void
    let finish: @Sendable ((any Error)?) -> Void
  }

  private struct State {
    var waiting: [Request] = []
    var count = 0
  }

  private let pool: DatabasePool
  private let state = Mutex(State())

  init(pool: DatabasePool) { self.pool = pool }

  var count: Int { state.withLock { $0.count } }
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  func write<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let result = Mutex<Value?>(nil)
      let request = Request(
        run: { database in
          let value = try body(database)
          result.withLock { $0 = value }
        },
        finish: { error in
          if let error { return continuation.resume(throwing: error) }
          guard let value = result.withLock({ $0 }) else {
            return continuation.resume(throwing: CancellationError())
          }
          continuation.resume(returning: value)
        })
      enqueue(request)
    }
  }

  private func enqueue(_ request: Request) {
    let isFirst = state.withLock { state in
      state.waiting.append(request)
      return state.waiting.count == 1
    }
    guard isFirst else { return }
    // The writer's queue is serial: this runs when the commit in flight is done.
    pool.asyncWriteWithoutTransaction { [self] database in commitWaiting(in: database) }
  }

  private func commitWaiting(in database: Database) {
    let requests = state.withLock { state in
      defer { state.waiting = [] }
      state.count += 1
      return state.waiting
    }
    var failures: [Int: any Error] = [:]
    do {
      try database.inTransaction(.immediate) {
        for (index, request) in requests.enumerated() {
          do {
            try database.inSavepoint {
              try request.run(database)
              return .commit
            }
          } catch {
            failures[index] = error
            // A full disk, for one, ends the whole transaction: the others have lost theirs too.
            guard database.isInsideTransaction else { throw error }
          }
        }
        return .commit
      }
    } catch {
      for index in requests.indices where failures[index] == nil { failures[index] = error }
    }
    for (index, request) in requests.enumerated() { request.finish(failures[index]) }
  }
}
