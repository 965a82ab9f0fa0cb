extension Array {
  /// The first index whose element is in the second part, `count` when there is none.
  ///
  /// - Parameter isInSecondPart: false for the elements of a first part, true for all that follow.
  func partitioningIndex(where isInSecondPart: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if isInSecondPart(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
