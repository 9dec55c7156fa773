import FileFormats

extension Image {
  /// A picture of one colour.
  public init(width: Int, height: Int, color: Color) {
    let bytes = color.bytes
    self.init(
      width: width, height: height,
      pixels: (0..<width * height).flatMap { _ in [bytes.x, bytes.y, bytes.z] })
  }

  /// Draws a line with round ends; a line from a point to itself is a disc.
  ///
  /// Edges are anti-aliased. What lies outside the picture is left out.
  ///
  /// - Parameters:
  ///   - start: Pixel column and row; the first pixel reaches from 0 to 1.
  ///   - width: In pixels.
  ///   - opacity: 1 covers what is below.
  /// - Precondition: The picture is RGB.
  public mutating func drawLine(
    from start: SIMD2<Double>, to end: SIMD2<Double>, width lineWidth: Double, color: Color, opacity: Double = 1
  ) {
    precondition(format == .rgb, "Image: lines are drawn on RGB pictures")
    let reach = lineWidth / 2 + 1
    let low = pointwiseMin(start, end) - reach
    let high = pointwiseMax(start, end) + reach
    guard low.x < Double(width), low.y < Double(height), high.x > 0, high.y > 0 else { return }
    let along = end - start
    let squared = (along * along).sum()
    for y in max(0, Int(low.y))...min(height - 1, Int(min(high.y, Double(height)))) {
      for x in max(0, Int(low.x))...min(width - 1, Int(min(high.x, Double(width)))) {
        let place = SIMD2(Double(x) + 0.5, Double(y) + 0.5) - start
        let t = squared > 0 ? min(max((place * along).sum() / squared, 0), 1) : 0
        let offset = place - along * t
        let coverage = min(max(lineWidth / 2 + 0.5 - (offset * offset).sum().squareRoot(), 0), 1) * opacity
        if coverage > 0 { blend(color, coverage, x, y) }
      }
    }
  }

  /// Draws a disc, as `drawLine` does.
  public mutating func drawDisc(at middle: SIMD2<Double>, diameter: Double, color: Color, opacity: Double = 1) {
    drawLine(from: middle, to: middle, width: diameter, color: color, opacity: opacity)
  }

  /// Mixes a colour into one pixel, as light mixes.
  private mutating func blend(_ color: Color, _ share: Double, _ x: Int, _ y: Int) {
    let at = (y * width + x) * 3
    let old = Color(encoded: SIMD3(Double(pixels[at]), Double(pixels[at + 1]), Double(pixels[at + 2])) / 255)
    let bytes = Color(linear: old.linear * (1 - share) + color.linear * share).bytes
    pixels[at] = bytes.x
    pixels[at + 1] = bytes.y
    pixels[at + 2] = bytes.z
  }
}
