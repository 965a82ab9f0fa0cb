import Manifests

/// Rows under headings, each column as wide as its widest cell.
struct Table: Sendable {
  var headings: [String]
  var rows: [[String]] = []
  /// How wide the columns of these headings are at least: as those of a table above.
  var leastWidths: [String: Int] = [:]

  /// How wide each column is with its heading.
  var widths: [String: Int] {
    Dictionary(
      zip(headings, widths(of: [headings] + rows)), uniquingKeysWith: { max($0, $1) })
  }

  private func widths(of lines: [[String]]) -> [Int] {
    headings.enumerated().map { column, heading in
      let widest = lines.map { column < $0.count ? visible($0[column]).count : 0 }.max() ?? 0
      return max(widest, leastWidths[heading] ?? 0)
    }
  }

  /// - Parameter hidesHeadings: `--no-headers`.
  func text(hidesHeadings: Bool) -> String {
    let lines = (hidesHeadings ? [] : [headings]) + rows
    let widths = widths(of: lines)
    let shown = lines.map { $0.map(visible) }
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

  /// By the column of that heading, numbers by their size.
  /// - Throws: `Failure`: there is no such column.
  mutating func sort(by heading: String) throws {
    let column = try column(heading)
    func key(_ row: [String]) -> (Double, String) {
      let text = column < row.count ? row[column] : ""
      return (Double(text) ?? .infinity, text)
    }
    rows.sort { key($0) < key($1) }
  }

  /// Keeps the columns of these headings, in this order.
  /// - Throws: `Failure`: there is no such column.
  mutating func select(_ wanted: [String]) throws {
    let columns = try wanted.map(column)
    headings = columns.map { headings[$0] }
    rows = rows.map { row in columns.map { $0 < row.count ? row[$0] : "" } }
  }

  /// The index of a heading, in any case; `no-effect-yet` is as good as `no effect yet`.
  private func column(_ heading: String) throws -> Int {
    let wanted = heading.uppercased().split(separator: "-").joined(separator: " ")
    if let index = headings.firstIndex(of: wanted) { return index }
    let near = nearest(to: wanted, of: headings).map { "Did you mean '\($0)'? " } ?? ""
    throw Failure(
      .usage, .unknownColumn, "the table has no column '\(heading)'",
      advice: "\(near)It has \(headings.joined(separator: ", ")).")
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
