/// The legend of a heat map: a strip of colours with its numbers.
public struct ColorScale: Sendable {
  public var label: String
  public var unit: String
  public var map: ColorMap
  /// The value at the end of the strip; larger ones have the same colour.
  public var maximum: Double

  /// - Precondition: `maximum` is positive.
  public init(_ label: String, unit: String, map: ColorMap = .error, maximum: Double) {
    precondition(maximum > 0, "ColorScale: the strip must end above 0")
    self.label = label
    self.unit = unit
    self.map = map
    self.maximum = maximum
  }

  /// The strip as an SVG element for a web page, in colours as `LineChart.svg`.
  public func svg(width: Double = 360) -> String {
    var svg = SVG(width: width, height: 56, label: "\(label), from 0 to \(maximum) \(unit)")
    let (left, right) = (10.0, width - 24)
    let steps = 48
    let step = (right - left) / Double(steps)
    for index in 0..<steps {
      let color = map.color((Double(index) + 0.5) / Double(steps)).css
      // The overlap hides the seams that anti-aliasing leaves between rectangles.
      let overlap = index < steps - 1 ? 0.6 : 0
      svg.rectangle(left + step * Double(index), 22, step + overlap, 12, color: color)
    }
    let ticks = Ticks.linear(0...maximum, about: 4)
    for (value, text) in zip(ticks.values, ticks.labels) {
      let place = left + (right - left) * value / maximum
      svg.line(place, 34, place, 38, color: SVG.muted)
      svg.text(text, place, 52, anchor: .middle)
    }
    svg.text(unit.isEmpty ? label : "\(label) (\(unit))", left, 14, color: SVG.ink, bold: true)
    return svg.text
  }
}
