import FileFormats

/// Which pixels of a picture are the person.
public struct PersonMask: Equatable, Sendable {
  public let width, height: Int
  /// Rows from the top: 1 for the person, 0 for the background.
  public let pixels: [UInt8]

  /// Distance of colours, on the scale from 0 to 255, above which a pixel is the person.
  static let threshold = 30

  /// The pixels that differ from the background: those whose colours are farther apart than 30, the root of the summed
  /// squares of red, green and blue (Jenni and Favaro, ACCV 2020, section 3.3; the number is ours). Nothing is cleaned up.
  ///
  /// - Precondition: both pictures are RGB and of one size.
  public init(of picture: Image, background: Image) {
    precondition(
      picture.format == .rgb && background.format == .rgb && picture.width == background.width
        && picture.height == background.height, "PersonMask: pictures of different kinds")
    (width, height) = (picture.width, picture.height)
    let count = width * height
    pixels = picture.pixels.withUnsafeBufferPointer { picture in
      background.pixels.withUnsafeBufferPointer { background in
        [UInt8](unsafeUninitializedCapacity: count) { mask, initialized in
          for pixel in 0..<count {
            let r = Int32(picture[3 * pixel]) - Int32(background[3 * pixel])
            let g = Int32(picture[3 * pixel + 1]) - Int32(background[3 * pixel + 1])
            let b = Int32(picture[3 * pixel + 2]) - Int32(background[3 * pixel + 2])
            mask[pixel] = r * r + g * g + b * b > Int32(Self.threshold * Self.threshold) ? 1 : 0
          }
          initialized = count
        }
      }
    }
  }

  /// A mask that was drawn: the person is where a picture is not black.
  init(drawn picture: Image) {
    (width, height) = (picture.width, picture.height)
    let channels = picture.format.rawValue
    pixels = picture.pixels.withUnsafeBufferPointer { colors in
      (0..<picture.width * picture.height).map { pixel in
        colors[channels * pixel] | colors[channels * pixel + 1] | colors[channels * pixel + 2] != 0 ? 1 : 0
      }
    }
  }

  /// White for the person, black for the background.
  var picture: Image {
    var colors = [UInt8](repeating: 0, count: 3 * pixels.count)
    for (pixel, isPerson) in pixels.enumerated() where isPerson != 0 {
      for channel in 0..<3 { colors[3 * pixel + channel] = 255 }
    }
    return Image(width: width, height: height, pixels: colors)
  }
}
