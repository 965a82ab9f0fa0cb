import AsyncAlgorithms
import FleetProtos
import Streams
import SwiftProtobuf
import Synchronization

/// What the reading side of the fleet stream leaves for the writing side.
final class Replies: Sendable {
  struct Pending: Sendable {
    var messages: [UpMessage]
    /// The server has said Welcome.
    var isWelcome: Bool
    /// These are the first reports of the stream.
    var isFirst: Bool
  }

  private struct State {
    var answers: [UpMessage] = []
    var acknowledged: (epoch: String, generation: Int64)?
    var isWelcome = false
    var hasReported = false
    var isFinished = false
  }

  /// A server that asks more than this at a time gets no further answers.
  private static let maximumAnswers = 1024

  private let state = Mutex(State())
  private let count = Latest(0)

  func welcome() {
    state.withLock { $0.isWelcome = true }
    wake()
  }

  /// Only the newest generation matters.
  func acknowledge(epoch: String, generation: Int64) {
    state.withLock { $0.acknowledged = (epoch, generation) }
    wake()
  }

  func add(_ message: UpMessage) {
    state.withLock { state in
      guard state.answers.count < Self.maximumAnswers else { return }
      state.answers.append(message)
    }
    wake()
  }

  func finish() {
    state.withLock { $0.isFinished = true }
    wake()
  }

  /// Yields when there may be something to write; one signal may stand for many.
  func signals(with news: Latest<Int>) -> some AsyncSequence<Int, Never> & Sendable {
    merge(count.values(), news.values())
  }

  /// What to write now; nil when the stream has ended.
  func take() -> Pending? {
    state.withLock { state in
      guard !state.isFinished else { return nil }
      var messages: [UpMessage] = []
      if let (epoch, generation) = state.acknowledged {
        messages.append(
          .with {
            $0.acknowledgement = .with {
              $0.epoch = epoch
              $0.generation = generation
            }
          })
      }
      messages += state.answers
      state.acknowledged = nil
      state.answers = []
      let isFirst = state.isWelcome && !state.hasReported
      if state.isWelcome { state.hasReported = true }
      return Pending(messages: messages, isWelcome: state.isWelcome, isFirst: isFirst)
    }
  }

  private func wake() { count.update { $0 += 1 } }
}
