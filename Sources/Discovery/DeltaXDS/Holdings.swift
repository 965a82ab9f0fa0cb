/// The versions of one type that a subscriber has.
///
/// Who subscribes by name has a list. Who subscribes to everything has what the view has, save for
/// the listed names; so it costs as many entries as there are differences, and no more once it has
/// caught up. Who walks through a view has what it passed as it is in the view, and nothing of the
/// rest, save for the listed names.
struct Holdings: Sendable {
  typealias Table = [String: FramedResource]

  /// Which names that are not listed are held as they are in the view.
  private enum Unlisted {
    case none
    /// Those up to this one, in the order of names.
    case passed(String)
    case all
  }

  private var unlisted = Unlisted.none
  /// A listed nil: nothing of the name is held.
  private var listed: [String: String?] = [:]
  /// Listed names that may have become as in the view.
  private var touched: [String] = []

  var count: Int { listed.count }
  var listedNames: some Collection<String> { listed.keys }

  /// Whether changes of the view matter to what is held.
  var followsView: Bool {
    if case .none = unlisted { false } else { true }
  }

  /// Names may have become as in the view; then call `settle`.
  var isTouched: Bool { !touched.isEmpty }

  func lists(_ name: String) -> Bool { listed[name] != nil }

  /// Whether the name, when it is not listed, is held as it is in the view.
  private func isAsView(_ name: String) -> Bool {
    switch unlisted {
    case .none: false
    case .passed(let last): name <= last
    case .all: true
    }
  }

  /// What is held of a name; `table` is the view's at the position that was last looked at.
  func version(of name: String, in table: Table) -> String? {
    if let version = listed[name] { return version }
    return isAsView(name) ? table[name]?.version : nil
  }

  /// `isInView`: it is known that the view has this version, at the position last looked at.
  mutating func set(_ version: String?, of name: String, isInView: Bool = false) {
    guard followsView else {
      listed[name] = version
      return
    }
    if isInView, isAsView(name) {
      strike(name)
    } else {
      listed.updateValue(version, forKey: name)
      touched.append(name)
    }
  }

  /// Everybody's case, which should cost little.
  private mutating func strike(_ name: String) {
    listed.removeValue(forKey: name)
    // During a walk the next response needs the memory again.
    if listed.isEmpty, case .all = unlisted { listed = [:] }
  }

  mutating func forget(_ name: String) { listed.removeValue(forKey: name) }

  // MARK: Following the view

  /// From now on only differences are listed.
  mutating func compare(with table: Table) {
    guard !followsView else { return }
    unlisted = .all
    for name in table.keys where listed[name] == nil { listed.updateValue(nil, forKey: name) }
    settleAll(in: table)
  }

  /// Everything is held as it is in the view.
  static let asView: Holdings = {
    var holdings = Holdings()
    holdings.unlisted = .all
    return holdings
  }()

  /// A walk through the view begins.
  mutating func beginWalk() { unlisted = .passed("") }

  /// Lists a name that the walk has not come to.
  mutating func list(_ name: String) {
    if listed[name] == nil { listed.updateValue(nil, forKey: name) }
  }

  /// The walk came to the name, which is listed from now on until it is held as it is in the view.
  mutating func pass(_ name: String) {
    if lists(name) { touched.append(name) } else { list(name) }
    unlisted = .passed(name)
  }

  mutating func endWalk(in table: Table) {
    unlisted = .all
    settleAll(in: table)
  }

  /// From now on only `names` are held, each listed.
  mutating func narrow(to names: Set<String>, in table: Table) {
    let kept = names.compactMap { name in version(of: name, in: table).map { (name, $0) } }
    self = Holdings()
    for (name, version) in kept { listed[name] = version }
  }

  /// The view has other versions of these names, or nothing, now. Then call `settle`.
  mutating func viewChanged(_ changes: [ViewChanges.Change]) {
    guard followsView, !changes.isEmpty else { return }
    if changes.count > 64 { listed.reserveCapacity(listed.count + changes.count) }
    for change in changes where listed[change.name] == nil {
      if isAsView(change.name) {
        listed.updateValue(change.before, forKey: change.name)
      } else if change.before == nil {
        // The walk does not come to a name that is new.
        listed.updateValue(nil, forKey: change.name)
      }
    }
    touched.append(contentsOf: changes.lazy.map(\.name))
  }

  /// Another view takes over.
  mutating func rebase(from old: Table, to new: Table) {
    guard followsView else { return }
    for name in old.keys where listed[name] == nil && !isAsView(name) {
      listed.updateValue(nil, forKey: name)
    }
    unlisted = .all
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
      if let version = listed[name], isAsView(name), version == table[name]?.version {
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
