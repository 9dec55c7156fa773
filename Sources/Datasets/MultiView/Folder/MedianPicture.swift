import Compute
import FileFormats

/// The background of a fixed camera: the median of its pictures, colour by colour and pixel by pixel.
public enum MedianPicture {
  /// The most pictures that are taken.
  static let most = 200

  /// Which of `count` pictures are taken: all, or 200 at even distances, number floor(k count / 200).
  static func chosen(of count: Int) -> [Int] {
    count <= most ? Array(0..<count) : (0..<most).map { $0 * count / most }
  }

  /// The lower median: of T sorted values number (T - 1) / 2, rounded down, counted from 0.
  ///
  /// Found in two passes, the upper four bits first, so that the pictures need not be held: 16 counters per value.
  ///
  /// - Parameters:
  ///   - count: from 1 to 255.
  ///   - picture: RGB picture k; asked for twice.
  /// - Throws: what `picture` throws.
  /// - Precondition: all pictures have one size.
  public static func make(of count: Int, picture: (Int) throws -> Image) throws -> Image {
    precondition((1...255).contains(count), "MedianPicture: \(count) pictures")
    let first = try picture(0)
    let size = first.pixels.count
    var counters = [UInt8](repeating: 0, count: 16 * size)
    var upper = [UInt8](repeating: 0, count: size)
    var ranks = [UInt8](repeating: UInt8((count - 1) / 2), count: size)

    /// Counts four bits of each value that `isCounted`.
    func tally(_ pass: (UnsafeBufferPointer<UInt8>, UnsafeMutableBufferPointer<UInt8>) -> Void) throws {
      for index in 0..<count {
        let image = index == 0 ? first : try picture(index)
        precondition(image.width == first.width && image.height == first.height && image.format == .rgb)
        image.pixels.withUnsafeBufferPointer { pixels in counters.withUnsafeMutableBufferPointer { pass(pixels, $0) } }
      }
    }
    /// The four bits in which the value of the sought rank lies; the rank becomes that among its equals.
    func digit(_ place: Int) -> UInt8 {
      var digit = 0
      while ranks[place] >= counters[16 * place + digit] {
        ranks[place] -= counters[16 * place + digit]
        digit += 1
      }
      return UInt8(digit)
    }

    try tally { pixels, counters in
      for place in 0..<size { counters[16 * place + Int(pixels[place] >> 4)] += 1 }
    }
    for place in 0..<size { upper[place] = digit(place) }
    counters.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    try upper.withUnsafeBufferPointer { upper in
      try tally { pixels, counters in
        for place in 0..<size where pixels[place] >> 4 == upper[place] {
          counters[16 * place + Int(pixels[place] & 15)] += 1
        }
      }
    }
    let median = (0..<size).map { upper[$0] << 4 | digit($0) }
    return Image(width: first.width, height: first.height, pixels: median)
  }
}
