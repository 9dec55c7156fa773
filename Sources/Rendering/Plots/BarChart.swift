import Foundation

/// Bars to compare methods by: one row per method, one column per measure, all on one scale.
public struct BarChart: Sendable {
  public struct Column: Sendable {
    public var title: String
    /// One per row, 0 or more; `nil` where there is none.
    public var values: [Double?]

    public init(_ title: String, values: [Double?]) {
      self.title = title
      self.values = values
    }
  }

  public var title: String
  public var unit: String
  public var rows: [String]
  public var columns: [Column]
  /// The row that is drawn in colour; the others are grey.
  public var highlightedRow: Int?
  /// Decimals of the printed values.
  public var decimals: Int

  /// - Parameter title: What the chart shows, for those who cannot see it; it is not drawn.
  /// - Precondition: Each column has one value per row.
  public init(
    _ title: String, unit: String, rows: [String], columns: [Column], highlightedRow: Int? = nil, decimals: Int = 1
  ) {
    precondition(columns.allSatisfy { $0.values.count == rows.count }, "BarChart: a column has no value per row")
    self.title = title
    self.unit = unit
    self.rows = rows
    self.columns = columns
    self.highlightedRow = highlightedRow
    self.decimals = decimals
  }

  /// The chart as an SVG element for a web page, in colours as `LineChart.svg`.
  public func svg(width: Double = 720) -> String {
    let rowHeight = 30.0
    let top = 38.0
    var svg = SVG(width: width, height: top + rowHeight * Double(rows.count) + 6, label: title)
    let labels = columns.map { $0.values.map { $0.map(label) ?? "\u{2013}" } }
    let left = 16 + (rows.map(SVG.width).max() ?? 0)
    let room = (width - left) / Double(max(1, columns.count))
    let widest = labels.joined().map(SVG.width).max() ?? 0
    let longest = room - widest - 28
    let largest = columns.flatMap(\.values).compactMap { $0 }.filter(\.isFinite).max() ?? 0

    for (row, name) in rows.enumerated() {
      let isHighlighted = row == highlightedRow
      let middle = top + rowHeight * (Double(row) + 0.5)
      svg.text(name, left - 16, middle + 4, anchor: .end, color: SVG.ink, bold: isHighlighted)
      for (column, label) in labels.map({ $0[row] }).enumerated() {
        let start = left + room * Double(column)
        var length = 0.0
        if let value = columns[column].values[row], value.isFinite, largest > 0 {
          length = max(1.5, value / largest * longest)
          svg.rectangle(
            start, middle - 9, length, 18, color: isHighlighted ? SVG.series(0) : SVG.muted, corner: 3,
            opacity: isHighlighted ? 1 : 0.38)
        }
        svg.text(label, start + length + 7, middle + 4, color: SVG.ink, bold: isHighlighted)
      }
    }
    for (column, title) in columns.map(\.title).enumerated() {
      svg.text(
        unit.isEmpty ? title : "\(title) (\(unit))", left + room * Double(column), 16, color: SVG.ink, bold: true)
    }
    return svg.text
  }

  private func label(_ value: Double) -> String {
    value.isFinite ? Ticks.label(value, decimals: decimals) : "not finite"
  }
}
