/// Which unit read which facts, found from either side.
///
/// A mesh has many more readings than facts and units, so those are kept as numbers.
struct DependencyIndex: Sendable {
  private var facts = NumberedValues<Fact>()
  private var units = NumberedValues<Unit>()
  /// By the number of a unit: the facts that it read, ascending.
  private var reads: [[Number]] = []
  /// By the number of a fact: the units that read it, ascending.
  private var readers: [[Number]] = []

  /// Facts that nobody had read, and facts that nobody reads any more.
  struct Change {
    var added: [Fact] = []
    var removed: [Fact] = []
  }

  func readers(of fact: Fact) -> [Unit] {
    facts.number(of: fact).map { readers[Int($0)].map { units[$0] } } ?? []
  }

  /// Replaces what a unit is known to have read; empty forgets the unit.
  mutating func note(_ found: Set<Fact>, of unit: Unit) -> Change {
    var change = Change()
    guard !found.isEmpty || units.number(of: unit) != nil else { return change }
    let number = units.insert(unit)
    while reads.count <= number { reads.append([]) }
    let before = reads[Int(number)]
    var after: [Number] = []
    after.reserveCapacity(found.count)
    for fact in found {
      let known = facts.number(of: fact)
      let fact = known ?? addFact(fact, &change)
      after.append(fact)
      if known == nil || !before.containsSorted(fact) { readers[Int(fact)].insertSorted(number) }
    }
    after.sort()
    for fact in before where !after.containsSorted(fact) {
      readers[Int(fact)].removeSorted(number)
      guard readers[Int(fact)].isEmpty else { continue }
      change.removed.append(facts.remove(fact))
      readers[Int(fact)] = []
    }
    reads[Int(number)] = after
    if after.isEmpty { _ = units.remove(number) }
    return change
  }

  private mutating func addFact(_ fact: Fact, _ change: inout Change) -> Number {
    let number = facts.insert(fact)
    while readers.count <= number { readers.append([]) }
    change.added.append(fact)
    return number
  }
}

private typealias Number = UInt32

/// Values and a number for each; numbers of values that went are given out again.
private struct NumberedValues<Value: Hashable & Sendable>: Sendable {
  private var numbers: [Value: Number] = [:]
  private var values: [Value?] = []
  private var free: [Number] = []

  func number(of value: Value) -> Number? { numbers[value] }

  subscript(number: Number) -> Value {
    guard let value = values[Int(number)] else { preconditionFailure("nothing has this number") }
    return value
  }

  mutating func insert(_ value: Value) -> Number {
    if let known = numbers[value] { return known }
    let number = free.popLast() ?? Number(values.count)
    if number == values.count { values.append(value) } else { values[Int(number)] = value }
    numbers[value] = number
    return number
  }

  mutating func remove(_ number: Number) -> Value {
    let value = self[number]
    numbers[value] = nil
    values[Int(number)] = nil
    free.append(number)
    return value
  }
}

extension [Number] {
  private func position(of number: Number) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if self[middle] < number { low = middle + 1 } else { high = middle }
    }
    return low
  }

  fileprivate func containsSorted(_ number: Number) -> Bool {
    let position = position(of: number)
    return position < count && self[position] == number
  }

  fileprivate mutating func insertSorted(_ number: Number) {
    // Mostly numbers grow.
    guard let last, last >= number else { return append(number) }
    let position = position(of: number)
    if self[position] != number { insert(number, at: position) }
  }

  fileprivate mutating func removeSorted(_ number: Number) {
    let position = position(of: number)
    if position < count, self[position] == number { remove(at: position) }
  }
}
