import Allocation
import Synchronization
import TestSupport
import Testing

@Suite struct FreePagesTests {
  private final class Counter: Sendable {
    let count = Mutex(0)
    var current: Int { count.withLock { $0 } }
  }

  @Test func `pages are returned once a storm is over, and once for each`() async throws {
    let returned = Counter()
    let pages = FreePages(pause: .milliseconds(20)) { returned.count.withLock { $0 += 1 } }
    pages.note(handled: 64 << 20)
    try await waitUntil { returned.current == 1 }
    pages.note(handled: 64 << 20)
    try await waitUntil { returned.current == 2 }
  }

  @Test func `a storm without an end does not keep its pages for ever`() async throws {
    let returned = Counter()
    let pages = FreePages(pause: .milliseconds(5)) { returned.count.withLock { $0 += 1 } }
    try await waitUntil {
      pages.note(handled: 4 << 20)
      return returned.current > 0
    }
  }

  @Test func `what is hardly anything is not worth a walk`() async throws {
    let returned = Counter()
    let pages = FreePages(pause: .milliseconds(1)) { returned.count.withLock { $0 += 1 } }
    for _ in 0..<15 { pages.note(handled: 1 << 20) }
    let other = FreePages(pause: .milliseconds(1)) { returned.count.withLock { $0 += 100 } }
    other.note(handled: 16 << 20)
    try await waitUntil { returned.current >= 100 }
    #expect(returned.current == 100)
  }
}
