/// The square around a person in a picture, in pixels: x to the right and y down from the outer corner of the first pixel.
public struct PersonBox: Equatable, Sendable {
  public var centre: SIMD2<Double>
  public var side: Double

  /// Of the person's pixels so many are left outside on each side of the box, before it is widened: specks.
  private static let share = 0.02
  private static let margin = 1.25

  init(centre: SIMD2<Double>, side: Double) {
    self.centre = centre
    self.side = side
  }

  /// The square around a mask's person.
  ///
  /// Of the person's n pixels, sorted by column, the box begins at the column of number floor(0.02 (n - 1)) and ends behind
  /// that of number ceil(0.98 (n - 1)); likewise for rows. The square has the middle of this box and 1.25 times its longer
  /// side. A mask without a person gives the largest square in the middle of the picture.
  public init(around mask: PersonMask) {
    var columns = [Int](repeating: 0, count: mask.width)
    var rows = [Int](repeating: 0, count: mask.height)
    mask.pixels.withUnsafeBufferPointer { pixels in
      for y in 0..<mask.height {
        for x in 0..<mask.width where pixels[y * mask.width + x] != 0 {
          columns[x] += 1
          rows[y] += 1
        }
      }
    }
    let count = rows.reduce(0, +)
    guard count > 0 else {
      self.init(
        centre: SIMD2(Double(mask.width), Double(mask.height)) / 2, side: Double(min(mask.width, mask.height)))
      return
    }
    let (x, y) = (Self.span(columns, count), Self.span(rows, count))
    self.init(
      centre: SIMD2(Double(x.lowerBound + x.upperBound), Double(y.lowerBound + y.upperBound)) / 2,
      side: Self.margin * Double(max(x.count, y.count)))
  }

  /// From the place of the pixel of one rank to behind that of another, given how many pixels are at each place.
  private static func span(_ counts: [Int], _ count: Int) -> Range<Int> {
    func place(_ rank: Double) -> Int {
      var left = Int(rank)
      return counts.firstIndex { here in
        left -= here
        return left < 0
      } ?? counts.count - 1
    }
    let last = Double(count - 1)
    return place((share * last).rounded(.down))..<place(((1 - share) * last).rounded(.up)) + 1
  }
}
