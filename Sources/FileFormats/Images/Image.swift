/// A picture of 8-bit sRGB pixels.
public struct Image: Equatable, Sendable {
  /// What a pixel holds; the raw value is the number of bytes.
  public enum PixelFormat: Int, Sendable {
    case rgb = 3
    /// Alpha is not multiplied into the colours.
    case rgba = 4
  }

  public let width: Int
  public let height: Int
  public let format: PixelFormat
  /// Rows from the top, pixels from the left, `format.rawValue` bytes each, without padding.
  public var pixels: [UInt8]

  /// - Precondition: `pixels` has `width * height * format.rawValue` bytes, and neither side is 0.
  public init(width: Int, height: Int, format: PixelFormat = .rgb, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && pixels.count == width * height * format.rawValue,
      "Image: \(pixels.count) bytes for \(width) x \(height) pixels of \(format.rawValue)")
    self.width = width
    self.height = height
    self.format = format
    self.pixels = pixels
  }
}
