package import Model

extension Kind {
  /// In a list: `trafficgroups`.
  package var plural: String {
    // Collections of several kinds share one name.
    let isShared = Kind.allCases.contains { $0 != self && $0.collection == collection }
    if [.gateway, .istioGateway, .role].contains(self) || isOnly || isShared
      || self == .wasmExtension
    {
      return Self.pluralized(asciiLowercased(isOnly && !isAccess ? name : rawValue))
    }
    return collection
  }

  private static func pluralized(_ word: String) -> String {
    let isAfterVowel = word.utf8.dropLast().last.map { "aeiou".utf8.contains($0) } ?? false
    guard word.utf8.last == UInt8(ascii: "y"), !isAfterVowel else {
      return word.utf8.last == UInt8(ascii: "s") ? "\(word)es" : "\(word)s"
    }
    return String(decoding: word.utf8.dropLast(), as: UTF8.self) + "ies"
  }

  /// Every word that means this kind and perhaps others, in lower case.
  package var words: [String] {
    // `gateway` means ours; Istio's has a word of its own.
    if self == .istioGateway { return [rawValue, plural, shortName].map(asciiLowercased) }
    let words = [rawValue, name, plural, "\(name)s", shortName, collection].map(asciiLowercased)
    return self == .gateway ? words + ["unifiedgateway", "gw"] : words
  }
}

/// The kinds that a word of the command line means, in any case: `ServiceRoute`, `serviceroutes`,
/// `sr`; several for `group` and `settings`.
package func kinds(named word: String) -> [Kind] { kindsByWord[asciiLowercased(word)] ?? [] }

private let kindsByWord: [String: [Kind]] = Kind.allCases.reduce(into: [:]) { found, kind in
  for word in Set(kind.words) { found[word, default: []].append(kind) }
}

/// The word for a kind that is nearest to a misspelt one.
package func nearestKindWord(to word: String) -> String? {
  nearest(to: word, of: Kind.allCases.flatMap { [$0.rawValue, $0.plural] })
}
