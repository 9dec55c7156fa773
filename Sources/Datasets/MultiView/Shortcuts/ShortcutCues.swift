import Foundation
import Geometry

/// What one picture gives away without showing a pose.
struct ShortcutCues: Sendable {
  /// `[24]`: shares of the picture's pixels, eight steps per channel.
  let histogram: [Double]
  /// Binary logarithm of width over height of the person's box.
  let aspect: Double
  /// `[24]`: the colours of eight blocks of pixels along the picture's border.
  let border: [Double]
  /// Which way the person faces, seen from the camera; nil where it is not known.
  let heading: Double?
  /// How much brighter the right half of the person is than the left: the side that the light comes from.
  let tilt: Double

  /// - Parameter box: width and height of the person on the whole picture of the camera, in pixels.
  init(_ picture: PersonPicture, heading: Double?, box: SIMD2<Double>) {
    let size = picture.size
    var histogram = [Double](repeating: 0, count: 24)
    var (left, right) = (SIMD2<Double>.zero, SIMD2<Double>.zero)
    for row in 0..<size {
      for column in 0..<size {
        let at = 3 * (row * size + column)
        var brightness = 0.0
        for channel in 0..<3 {
          let value = Double(picture.colors[at + channel])
          histogram[8 * channel + min(7, Int(value * 8))] += 1 / Double(size * size)
          brightness += value / 3
        }
        guard brightness > 0 else { continue }
        if 2 * column < size { left += SIMD2(brightness, 1) } else { right += SIMD2(brightness, 1) }
      }
    }
    self.histogram = histogram
    aspect = log2(box.x / box.y)
    self.heading = heading
    tilt = right.x / max(right.y, 1) - left.x / max(left.y, 1)
    border = Self.border(picture)
  }

  /// Mean colours of the four corners and of the middles of the four sides, blocks of a sixteenth of the picture's side.
  private static func border(_ picture: PersonPicture) -> [Double] {
    let size = picture.size
    let block = max(1, size / 16)
    let starts = [0, (size - block) / 2, size - block]
    return starts.flatMap { y in
      starts.flatMap { x -> [Double] in
        if x == starts[1], y == starts[1] { return [] }
        return (0..<3).map { channel in
          var sum = 0.0
          for row in y..<y + block {
            for column in x..<x + block { sum += Double(picture.colors[3 * (row * size + column) + channel]) }
          }
          return sum / Double(block * block)
        }
      }
    }
  }
}
