/// Pictures of several tuples, ready for upload.
public struct PretextBatch: Sendable {
  /// Tuples, B.
  public let count: Int
  /// Height and width in pixels.
  public let size: Int
  /// `[4 B, size, size, 3]`: normalised red, green, blue; all `a`, then all `b`, all `c`, all `f`.
  public let pixels: [Float]
  /// `[3 B]`: the two pictures of every pair: synchronized, then unsynchronized, then flipped pairs.
  public let pairs: [SIMD2<Int32>]
  /// `[B]`: from the instant of `a` and `b` to that of `c`, in seconds.
  public let gapsInSeconds: [Double]

  /// - Throws: what the recordings throw.
  public init(_ tuples: [MultiViewTuple], of recordings: any MultiViewRecordings, size: Int) throws {
    count = tuples.count
    self.size = size
    gapsInSeconds = tuples.map(\.gapInSeconds)
    let length = size * size * 3
    var pixels = [Float](repeating: 0, count: 4 * tuples.count * length)
    for (number, tuple) in tuples.enumerated() {
      for (block, shot) in [tuple.a, tuple.b, tuple.c].enumerated() {
        let start = (block * tuples.count + number) * length
        let picture = try recordings.picture(at: shot, size: size)
        PictureNormalization.write(picture, into: &pixels, at: start)
        guard block == 1 else { continue }
        // The exact mirror: nothing but left and right tells f from b.
        PictureNormalization.write(picture.mirrored, into: &pixels, at: (3 * tuples.count + number) * length)
      }
    }
    self.pixels = pixels
    pairs = Self.pairs(tuples.map(\.swaps))
  }

  /// Pictures by number: a, b, c, f of tuple t are t, B + t, 2 B + t, 3 B + t.
  private static func pairs(_ swaps: [[Bool]]) -> [SIMD2<Int32>] {
    let count = Int32(swaps.count)
    let blocks: [SIMD2<Int32>] = [SIMD2(0, 1), SIMD2(1, 2), SIMD2(0, 3)]
    var pairs: [SIMD2<Int32>] = []
    for (kind, block) in blocks.enumerated() {
      for tuple in swaps.indices {
        let pair = block &* count &+ Int32(tuple)
        pairs.append(swaps[tuple][kind] ? SIMD2(pair.y, pair.x) : pair)
      }
    }
    return pairs
  }
}

/// Colours as the network sees them: less the mean of ImageNet's pictures, over their standard deviation.
public enum PictureNormalization {
  public static let mean = SIMD3<Float>(0.485, 0.456, 0.406)
  public static let deviation = SIMD3<Float>(0.229, 0.224, 0.225)

  /// Writes a picture's normalised pixels from `start` on.
  public static func write(_ picture: PersonPicture, into pixels: inout [Float], at start: Int) {
    let scale = 1 / deviation
    let shift = -mean / deviation
    picture.colors.withUnsafeBufferPointer { colors in
      pixels.withUnsafeMutableBufferPointer { pixels in
        for pixel in 0..<colors.count / 3 {
          for channel in 0..<3 {
            let place = 3 * pixel + channel
            pixels[start + place] = colors[place] * scale[channel] + shift[channel]
          }
        }
      }
    }
  }
}

extension PersonPicture {
  /// Left and right exchanged, every value kept.
  public var mirrored: PersonPicture {
    var result = self
    for row in 0..<size {
      for column in 0..<size {
        let to = 3 * (row * size + column)
        let from = 3 * (row * size + size - 1 - column)
        for channel in 0..<3 { result.colors[to + channel] = colors[from + channel] }
      }
    }
    return result
  }
}

extension MultiViewRecordings {
  /// The picture of a shot.
  public func picture(at shot: MultiViewShot, size: Int) throws -> PersonPicture {
    try picture(at: shot.place, shot.augmentation, size: size, draw: shot.draw)
  }
}
