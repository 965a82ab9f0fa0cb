private import DequeModule

/// Names in the order in which they came, each at most once, and what is to be said about each if
/// that is known already. Every operation is of constant cost, amortized: a name that was removed or
/// moved leaves an outdated ticket behind, which is skipped.
struct NameQueue: Sendable {
  private struct Ticket {
    var name: String
    var entry: Entry?
    var number: Int
  }

  private var order: Deque<Ticket> = []
  /// Tickets of members that are passed over until they are recalled.
  private var postponed: Deque<Ticket> = []
  /// The number of each member's ticket that counts.
  private var members: [String: Int] = [:]
  private var nextNumber = 0

  var isEmpty: Bool { members.isEmpty }
  var count: Int { members.count }
  var names: some Collection<String> { members.keys }

  func contains(_ name: String) -> Bool { members[name] != nil }

  mutating func reserveCapacity(_ additional: Int) {
    order.reserveCapacity(order.count + additional)
    members.reserveCapacity(members.count + additional)
  }

  /// A name that waits already keeps its place, unless it comes with a newer entry.
  mutating func append(_ name: String, entry: Entry? = nil) {
    guard entry != nil || members[name] == nil else { return }
    order.append(ticket(for: name, entry))
  }

  /// Puts a name first, wherever it was.
  mutating func prepend(_ name: String, entry: Entry? = nil) {
    order.prepend(ticket(for: name, entry))
  }

  /// Passes a name that was taken over until `recall`, however often the others are gone through.
  mutating func postpone(_ name: String, entry: Entry? = nil) {
    postponed.append(ticket(for: name, entry))
  }

  /// Puts what was postponed last.
  mutating func recall() {
    guard !postponed.isEmpty else { return }
    order.append(contentsOf: postponed)
    postponed = []
  }

  mutating func remove(_ name: String) {
    // Most are empty, and hashing costs more than to look.
    guard !members.isEmpty, members.removeValue(forKey: name) != nil else { return }
    // Both keep the memory of their largest size otherwise.
    if members.isEmpty { removeAll() }
  }

  mutating func removeAll() {
    order = []
    postponed = []
    members = [:]
  }

  mutating func popFirst() -> (name: String, entry: Entry?)? {
    while let ticket = order.popFirst() {
      guard members[ticket.name] == ticket.number else { continue }
      remove(ticket.name)
      return (ticket.name, ticket.entry)
    }
    return nil
  }

  private mutating func ticket(for name: String, _ entry: Entry?) -> Ticket {
    nextNumber += 1
    members[name] = nextNumber
    return Ticket(name: name, entry: entry, number: nextNumber)
  }
}
