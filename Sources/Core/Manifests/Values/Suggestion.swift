/// `, did you mean 'weight'?` when one of the words is near, else the empty text.
func didYouMean(_ word: String, of candidates: [String]) -> String {
  guard let near = nearest(to: word, of: candidates) else { return "" }
  return "; did you mean '\(near)'?"
}

/// The candidate that fewest edits lead to, if they are few for a word of this length.
package func nearest(to word: String, of candidates: [String]) -> String? {
  guard word.utf8.count <= 64 else { return nil }
  let written = word.utf8.map(asciiLowercased)
  let allowed = max(1, min(3, written.count / 3))
  var best: (word: String, distance: Int)?
  for candidate in candidates {
    let distance = editDistance(written, candidate.utf8.map(asciiLowercased))
    if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
  }
  return best?.word
}

/// Insertions, deletions, replacements and swaps of neighbours.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  var beforePrevious: [Int] = []
  var previous = Array(0...right.count)
  for (row, byte) in left.enumerated() {
    var current = [row + 1]
    for (column, other) in right.enumerated() {
      var cost = min(current[column] + 1, previous[column + 1] + 1)
      cost = min(cost, previous[column] + (byte == other ? 0 : 1))
      let isSwap =
        row > 0 && column > 0 && byte == right[column - 1] && left[row - 1] == other
      if isSwap { cost = min(cost, beforePrevious[column - 1] + 1) }
      current.append(cost)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[right.count]
}

/// Untrusted text for a message: one line, not too long, no control bytes.
func shown(_ text: String) -> String {
  var result = ""
  for (count, scalar) in text.unicodeScalars.enumerated() {
    if count == 60 { return result + "…" }
    let isHidden =
      scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
      || (0x2028...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    if isHidden {
      result += "\\u{\(String(scalar.value, radix: 16))}"
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
