/// The way of a subscriber that has nothing through all names of a view, one after the other.
///
/// The names are sorted once for everybody who comes, so a walk costs a stream one number.
struct Walk: Sendable {
  /// Sorted.
  private let names: [String]
  private var position = 0

  /// nil when there is nothing to go through.
  init?(_ names: [String]) {
    guard !names.isEmpty else { return nil }
    self.names = names
  }

  /// The name that comes next; nil at the end.
  var next: String? { position < names.count ? names[position] : nil }

  mutating func advance() { position += 1 }

  /// What it has not passed yet.
  var rest: ArraySlice<String> { names[position...] }

  /// Whether it still comes to `name`.
  func comes(to name: String) -> Bool {
    guard let next, next <= name else { return false }
    var (low, high) = (position, names.count)
    while low < high {
      let middle = (low + high) / 2
      if names[middle] < name { low = middle + 1 } else { high = middle }
    }
    return low < names.count && names[low] == name
  }
}
