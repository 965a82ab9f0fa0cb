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

  /// By the column of that heading, numbers by their size; another word sorts nothing.
  mutating func sort(by heading: String) {
    let wanted = heading.uppercased()
    guard let column = headings.firstIndex(where: { $0 == wanted }) else { return }
    func key(_ row: [String]) -> (Double, String) {
      let text = column < row.count ? row[column] : ""
      return (Double(text) ?? .infinity, text)
    }
    rows.sort { key($0) < key($1) }
  }

  /// As RFC 4180 has it, but for the ends of lines.
  func csv(hidesHeadings: Bool) -> String {
    ((hidesHeadings ? [] : [headings]) + rows).map { row in
      row.map { cell in
        let cell = visible(cell)
        let needsQuotes = cell.utf8.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }
        guard needsQuotes else { return cell }
        return "\""
          + cell.split(separator: "\"", omittingEmptySubsequences: false)
          .joined(separator: "\"\"") + "\""
      }.joined(separator: ",") + "\n"
    }.joined()
  }
}
