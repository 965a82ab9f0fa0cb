/// What a stream gets, one delivery for each type that was asked for, in the order of a flush.
///
/// There are few, and every event looks at all of them: places in an array are read and changed where
/// they are, while a dictionary hands out copies.
struct Deliveries: Sendable {
  private var sorted: [TypeDelivery] = []

  var isEmpty: Bool { sorted.isEmpty }
  var count: Int { sorted.count }
  var indices: Range<Int> { sorted.indices }

  func index(of type: ResourceType) -> Int? { sorted.firstIndex { $0.type == type } }

  subscript(index: Int) -> TypeDelivery {
    _read { yield sorted[index] }
    _modify { yield &sorted[index] }
  }

  func contains(where matches: (TypeDelivery) -> Bool) -> Bool {
    sorted.contains(where: matches)
  }

  func allSatisfy(_ holds: (TypeDelivery) -> Bool) -> Bool { sorted.allSatisfy(holds) }

  /// The delivery of a type, to be changed and put back: with another copy in its place, every change
  /// would have to copy its tables.
  mutating func take(_ type: ResourceType) -> TypeDelivery? {
    index(of: type).map { sorted.remove(at: $0) }
  }

  mutating func put(_ delivery: TypeDelivery) {
    let place = sorted.firstIndex { ResourceType.precedes(delivery.type, $0.type) }
    sorted.insert(delivery, at: place ?? sorted.endIndex)
  }
}
