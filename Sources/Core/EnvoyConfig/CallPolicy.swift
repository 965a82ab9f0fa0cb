import Blueprints
import EnvoyProtos
import SwiftProtobuf

/// How the workloads of a namespace call one service, with the rules already applied.
struct CallPolicy: Hashable, Sendable {
  /// Milliseconds; nil means no limit.
  var timeout: Int?
  /// nil means the defaults.
  var retries: Retries?
  /// The item whose rule this comes from; nil when none does, and the routes are everybody's.
  var origin: ItemKey?

  /// As often as a request is tried again when no rule says so.
  static let defaultAttempts = 3

  var origins: [ItemKey] { origin.map { [$0] } ?? [] }
}

extension CallPolicy {
  /// Safe for every request, because an instance has not begun to work on it.
  private static let safeConditions = ["connect-failure", "refused-stream", "reset-before-request"]

  /// For every request.
  var retryPolicy: RetryPolicy? {
    policy(
      on: retries?.conditions.isEmpty == false ? retries?.conditions ?? [] : Self.safeConditions)
  }

  /// For requests that only read, which may be tried again whatever became of the first attempt.
  /// nil when a rule decides about all requests alike.
  var retryPolicyOfReads: RetryPolicy? {
    retries?.conditions.isEmpty == false ? nil : policy(on: Self.safeConditions + ["gateway-error"])
  }

  private func policy(on conditions: [String]) -> RetryPolicy? {
    let attempts = retries?.attempts ?? Self.defaultAttempts
    guard attempts != 0 else { return nil }
    let codes = conditions.compactMap { UInt32($0) }
    let names = conditions.filter { UInt32($0) == nil }
    return .with {
      $0.retryOn = (names + (codes.isEmpty ? [] : [EnvoyName.retryOnStatus]))
        .joined(separator: ",")
      $0.retriableStatusCodes = codes
      $0.numRetries = .init(UInt32(clamping: attempts))
      if let limit = retries?.perTryTimeout { $0.perTryTimeout = .init(milliseconds: limit) }
      $0.retryBackOff.baseInterval = .init(milliseconds: 25)
      $0.retryBackOff.maxInterval = .init(milliseconds: 250)
      // An attempt goes elsewhere than the one before it, if there is an elsewhere.
      $0.hostSelectionRetryMaxAttempts = 5
      $0.retryHostPredicate = [
        .with {
          $0.name = EnvoyName.previousHosts
          $0.typedConfig = PreviousHosts().packed
        }
      ]
      $0.retryPriority = .with {
        $0.name = EnvoyName.previousPriorities
        $0.typedConfig = PreviousPriorities.with { $0.updateFrequency = 1 }.packed
      }
    }
  }
}
