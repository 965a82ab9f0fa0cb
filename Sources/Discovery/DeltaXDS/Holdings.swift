/// The versions of one type that a subscriber has.
///
/// Who subscribes by name has a list. Who subscribes to everything has what the view has, save for
/// the listed names; so it costs as many entries as there are differences, and no more once it has
/// caught up.
struct Holdings: Sendable {
  typealias Table = [String: FramedResource]

  /// Whether names that are not listed are held as they are in the view.
  private(set) var isAsView = false
  /// A listed nil: nothing of the name is held.
  private var listed: [String: String?] = [:]
  /// Listed names that may have become as in the view.
  private var touched: [String] = []

  var count: Int { listed.count }
  var listedNames: some Collection<String> { listed.keys }

  /// What is held of a name; `table` is the view's at the position that was last looked at.
  func version(of name: String, in table: Table) -> String? {
    if let version = listed[name] { return version }
    return isAsView ? table[name]?.version : nil
  }

  mutating func set(_ version: String?, of name: String) {
    if isAsView {
      listed.updateValue(version, forKey: name)
      touched.append(name)
    } else {
      listed[name] = version
    }
  }

  mutating func forget(_ name: String) { listed.removeValue(forKey: name) }

  // MARK: Following the view

  /// From now on only differences are listed.
  mutating func compare(with table: Table) {
    guard !isAsView else { return }
    isAsView = true
    guard !listed.isEmpty else {
      // Nothing is held: without hashing a name.
      listed = table.mapValues { _ in nil }
      return
    }
    for name in table.keys where listed[name] == nil { listed.updateValue(nil, forKey: name) }
    settleAll(in: table)
  }

  /// Everything is held as it is in the view.
  static let asView: Holdings = {
    var holdings = Holdings()
    holdings.isAsView = true
    return holdings
  }()

  /// From now on only `names` are held, each listed.
  mutating func narrow(to names: Set<String>, in table: Table) {
    let kept = names.compactMap { name in version(of: name, in: table).map { (name, $0) } }
    self = Holdings()
    for (name, version) in kept { listed[name] = version }
  }

  /// The view had `version` of the name and has another one, or nothing, now. Then call `settle`.
  mutating func viewChanged(_ name: String, from version: String?) {
    guard isAsView else { return }
    if listed[name] == nil { listed.updateValue(version, forKey: name) }
    touched.append(name)
  }

  /// Another view takes over.
  mutating func rebase(from old: Table, to new: Table) {
    guard isAsView else { return }
    for (name, framed) in old where listed[name] == nil && new[name]?.version != framed.version {
      listed.updateValue(framed.version, forKey: name)
    }
    for name in new.keys where listed[name] == nil && old[name] == nil {
      listed.updateValue(nil, forKey: name)
    }
    settleAll(in: new)
  }

  /// Strikes names off the list that are as in the view.
  mutating func settle(in table: Table) {
    guard !touched.isEmpty else { return }
    for name in touched {
      if let version = listed[name], version == table[name]?.version {
        listed.removeValue(forKey: name)
      }
    }
    touched = []
    shrink()
  }

  private mutating func settleAll(in table: Table) {
    listed = listed.filter { $0.value != table[$0.key]?.version }
    touched = []
  }

  /// A dictionary keeps the memory of its largest size.
  private mutating func shrink() {
    if listed.isEmpty {
      listed = [:]
    } else if listed.capacity > 64 + 4 * listed.count {
      listed = listed.filter { _ in true }
    }
  }
}
