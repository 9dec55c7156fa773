/// Colours for numbers from 0 to 1: a path through Oklch on which equal steps look equally large.
public struct ColorMap: Sendable {
  /// Lightness, chroma and hue (degrees) at equal distances along the path.
  private let stops: [SIMD3<Double>]

  /// For errors: pale where there is none, through amber and crimson to dark plum; it only ever gets darker, so
  /// it also reads in grey.
  public static let error = ColorMap(stops: [
    [0.93, 0.025, 95], [0.84, 0.105, 80], [0.72, 0.155, 55], [0.58, 0.185, 28], [0.44, 0.165, 8], [0.31, 0.115, -25],
  ])

  /// The colour of a number; those outside 0...1 get the colour of the nearer end, NaN that of 1.
  public func color(_ value: Double) -> Color {
    let position = (value.isNaN ? 1 : min(max(value, 0), 1)) * Double(stops.count - 1)
    let index = min(Int(position), stops.count - 2)
    let t = position - Double(index)
    let lch = stops[index] * (1 - t) + stops[index + 1] * t
    return Color(lightness: lch.x, chroma: lch.y, hueInDegrees: lch.z)
  }

  /// The colours of numbers between 0 and `maximum`.
  public func colors(of values: [Double], maximum: Double) -> [Color] { values.map { color($0 / maximum) } }
}
