/// The keys of one kind of thing that an agent has reported on its stream: the first report must be
/// complete, as what was said before may be out of date, and there is a limit to how many there are.
struct Reported<Key: Hashable & Sendable>: Sendable {
  private let what: String
  private let limit: Int
  /// nil until the first report.
  private var keys: Set<Key>?

  init(_ what: String, limit: Int) {
    self.what = what
    self.limit = limit
  }

  mutating func take(
    full: Bool, upserts: some Collection<Key>, removals: some Collection<Key>
  ) throws(Violation) {
    guard full || keys != nil else {
      throw Violation("the first report of its kind is not complete")
    }
    if full { keys = [] }
    keys?.subtract(removals)
    keys?.formUnion(upserts)
    guard keys?.count ?? 0 <= limit else { throw Violation("more than \(limit) \(what)") }
  }
}
