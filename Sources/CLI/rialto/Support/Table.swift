/// Rows under headings, each column as wide as its widest cell.
struct Table: Sendable {
  var headings: [String]
  var rows: [[String]] = []

  /// - Parameter hidesHeadings: `--no-headers`.
  func text(hidesHeadings: Bool) -> String {
    let shown = ((hidesHeadings ? [] : [headings]) + rows).map { $0.map(visible) }
    let widths = headings.indices.map { column in
      shown.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return shown.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        line += cell
        guard column < row.count - 1 else { break }
        line += String(repeating: " ", count: widths[column] - cell.count + 2)
      }
      return line + "\n"
    }.joined()
  }
}
