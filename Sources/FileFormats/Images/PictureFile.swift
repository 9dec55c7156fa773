import Compute
import Foundation

/// Pictures of whatever program, as 8-bit RGB: JPEG, PNG, binary PPM and PGM.
///
/// A file's first bytes tell what it is; its name does not matter. Grey becomes three equal channels, 16 bits become 8.
/// Transparent pixels are laid over black: where a program cut a person out, the removed background is black, as this
/// package removes backgrounds, and not the hidden colour beneath.
public enum PictureFile {
  /// The most pixels that are read unless another limit is given: more than any video camera has.
  public static let largestPixelCount = 1 << 26

  /// File name extensions under which pictures are looked for in folders, in lower case.
  public static let extensions = ["jpeg", "jpg", "pgm", "png", "ppm"]

  /// Reads a picture.
  ///
  /// - Throws: `ComputeError` as `InputFile.read(_:)` and `decode(_:source:atMost:)`.
  public static func read(_ url: URL, atMost limit: Int = largestPixelCount) throws -> Image {
    try decode(try InputFile.read(url), source: url.path, atMost: limit)
  }

  /// Decodes the bytes of a picture.
  ///
  /// - Parameters:
  ///   - source: What to call the file in errors.
  ///   - limit: The most pixels that are read.
  /// - Returns: An RGB picture.
  /// - Throws: `ComputeError` `.data` when the bytes are no complete picture of a known kind, or it has more pixels than
  ///   `limit`.
  public static func decode(_ data: Data, source: String, atMost limit: Int = largestPixelCount) throws -> Image {
    if data.starts(with: [0xFF, 0xD8]) { return try JPEG.decode(data, source: source, atMost: limit) }
    if data.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
      return try PNG.decode(data, source: source, atMost: limit).overBlack
    }
    if data.first == UInt8(ascii: "P"), let kind = data.dropFirst().first, (0x31...0x37).contains(kind) {
      return try PNM.decode(data, source: source, atMost: limit)
    }
    throw ComputeError(
      .data, what: "\(source): not a picture of a known kind",
      why: data.isEmpty ? "the file is empty" : "its first bytes are those of neither JPEG, PNG, PPM nor PGM",
      mend: "convert it to PNG or JPEG, or check that it is the file you meant")
  }

  static func tooLarge(_ width: Int, _ height: Int, _ limit: Int, _ source: String) -> ComputeError {
    ComputeError(
      .data, what: "\(source): a picture of \(width) x \(height) pixels", why: "at most \(limit) pixels are read here",
      mend: "make the picture smaller, or check where it comes from")
  }
}

extension Image {
  /// The picture without its alpha, laid over black: each colour times its alpha, rounded. An RGB picture as it is.
  public var overBlack: Image {
    guard format == .rgba else { return self }
    var opaque = [UInt8](repeating: 0, count: width * height * 3)
    for pixel in 0..<width * height {
      let alpha = Int(pixels[4 * pixel + 3])
      for channel in 0..<3 {
        opaque[3 * pixel + channel] = UInt8((Int(pixels[4 * pixel + channel]) * alpha + 127) / 255)
      }
    }
    return Image(width: width, height: height, pixels: opaque)
  }
}
