import Foundation

/// The text of an SVG picture, element by element.
///
/// Colours are style-sheet variables with light defaults, so a page with a dark theme can set its own:
/// `--ink`, `--muted`, `--rule`, `--paper` and `--series-1` to `--series-6`.
struct SVG {
  static let ink = "var(--ink, #1f2328)"
  static let muted = "var(--muted, #6b6f76)"
  static let rule = "var(--rule, #e2dfd8)"
  static let paper = "var(--paper, #ffffff)"
  private static let seriesColors = ["#2f6db5", "#d9822b", "#3a8f6b", "#b5485d", "#7a5fb0", "#6b6f76"]

  /// The colour of the series with that index; they repeat after six.
  static func series(_ index: Int) -> String {
    let place = index % seriesColors.count
    return "var(--series-\(place + 1), \(seriesColors[place]))"
  }

  enum Anchor: String { case start, middle, end }

  let width: Double
  let height: Double
  private let label: String
  private var body = ""

  /// - Parameter label: What the picture shows, for those who cannot see it.
  init(width: Double, height: Double, label: String) {
    self.width = width
    self.height = height
    self.label = label
  }

  /// The whole element; it is as wide as its place, within 0.7 to 1.35 times its drawn width so that its text stays
  /// readable, and keeps its proportions.
  var text: String {
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Self.number(width)) \(Self.number(height))\" role=\"img\" "
      + "aria-label=\"\(Self.escape(label))\" font-family=\"inherit\" font-size=\"12.5\" "
      + "style=\"min-width:\(Self.number(0.7 * width))px;max-width:\(Self.number(1.35 * width))px\">\(body)</svg>"
  }

  // MARK: - Elements

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, color: String, dashed: Bool = false) {
    let dashes = dashed ? " stroke-dasharray=\"5 4\"" : ""
    body += "<path d=\"M\(Self.number(x1)) \(Self.number(y1))L\(Self.number(x2)) \(Self.number(y2))\""
    body += " stroke=\"\(color)\"\(dashes)/>"
  }

  mutating func polyline(
    _ points: [SIMD2<Double>], color: String, width: Double = 2, opacity: Double = 1, dashed: Bool = false
  ) {
    guard let first = points.first else { return }
    // A line of one point would be invisible but for its round ends.
    let corners = points.count == 1 ? [first, first] : points
    let path = corners.map { "\(Self.number($0.x)) \(Self.number($0.y))" }.joined(separator: "L")
    body += "<path d=\"M\(path)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"\(Self.number(width))\""
    body += " stroke-linejoin=\"round\" stroke-linecap=\"round\""
    if opacity < 1 { body += " opacity=\"\(Self.number(opacity))\"" }
    if dashed { body += " stroke-dasharray=\"6 5\"" }
    body += "/>"
  }

  mutating func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, color: String, corner: Double = 0,
    opacity: Double = 1
  ) {
    body += "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\""
    body += " height=\"\(Self.number(height))\" fill=\"\(color)\""
    if corner > 0 { body += " rx=\"\(Self.number(corner))\"" }
    if opacity < 1 { body += " opacity=\"\(Self.number(opacity))\"" }
    body += "/>"
  }

  mutating func text(
    _ text: String, _ x: Double, _ y: Double, anchor: Anchor = .start, color: String = SVG.muted, bold: Bool = false
  ) {
    body += "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" fill=\"\(color)\""
    if anchor != .start { body += " text-anchor=\"\(anchor.rawValue)\"" }
    if bold { body += " font-weight=\"600\"" }
    body += ">\(Self.escape(text))</text>"
  }

  // MARK: - Text

  /// About how wide a text is at the pictures' font size: exact widths need the reader's font.
  static func width(of text: String) -> Double { 6.7 * Double(text.count) }

  /// A coordinate with at most two decimals.
  static func number(_ value: Double) -> String {
    let hundredths = (value * 100).rounded() / 100
    return hundredths == hundredths.rounded() ? String(Int(hundredths)) : String(hundredths)
  }

  static func escape(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }
}
