import CPNG
import Compute
import Foundation

/// PNG pictures of 8 bits per channel, through libpng's simplified interface.
public enum PNG {
  /// Writes a picture.
  ///
  /// - Throws: `ComputeError` `.cannotWrite`, see `AtomicFile.write(_:to:)`.
  public static func write(_ image: Image, to url: URL) throws {
    try AtomicFile.write(try encode(image), to: url)
  }

  /// The bytes of a PNG file; equal pictures give equal bytes under one version of libpng and zlib.
  ///
  /// - Throws: `ComputeError` `.system` when libpng runs out of memory.
  public static func encode(_ image: Image) throws -> Data {
    var state = self.state
    defer { png_image_free(&state) }
    state.width = UInt32(image.width)
    state.height = UInt32(image.height)
    state.format = format(image.format)
    // Enough for any picture: the pixels, one filter byte per row, and deflate's and PNG's framing.
    let raw = image.pixels.count + image.height
    var size = raw + raw / 100 + 4096
    var bytes = Data(count: size)
    let done = bytes.withUnsafeMutableBytes { bytes in
      png_image_write_to_memory(&state, bytes.baseAddress, &size, 0, image.pixels, 0, nil)
    }
    guard done != 0 else {
      throw ComputeError(
        .system, what: "a picture of \(image.width) x \(image.height) pixels cannot be encoded", why: message(&state),
        mend: "free some memory, or draw a smaller picture")
    }
    bytes.count = size
    return bytes
  }

  /// Reads a picture; grey, palette and 16-bit pictures are converted to 8-bit RGB, or RGBA when they have an alpha.
  ///
  /// - Throws: `ComputeError` as `InputFile.read(_:)` and `decode(_:source:)`.
  public static func read(_ url: URL) throws -> Image { try decode(try InputFile.read(url), source: url.path) }

  /// Decodes the bytes of a PNG file.
  ///
  /// Pictures of 16 bits that do not say how bright a number is are taken as sRGB, as those of 8 bits are.
  ///
  /// - Parameters:
  ///   - source: What to call the file in errors.
  ///   - limit: The most pixels that are read: a small file can claim billions.
  /// - Throws: `ComputeError` `.data` when the bytes are not a complete PNG file, or it has more pixels than that.
  public static func decode(_ data: Data, source: String, atMost limit: Int = 1 << 28) throws -> Image {
    func broken(_ why: String) -> ComputeError {
      ComputeError(
        .data, what: "\(source): not a PNG picture that can be read", why: why, mend: "fetch or make the picture again")
    }
    return try data.withUnsafeBytes { bytes in
      var state = self.state
      defer { png_image_free(&state) }
      guard png_image_begin_read_from_memory(&state, bytes.baseAddress, bytes.count) != 0 else {
        throw broken(message(&state))
      }
      let (width, height) = (Int(state.width), Int(state.height))
      guard width * height <= limit else { throw PictureFile.tooLarge(width, height, limit, source) }
      // Without it libpng takes numbers of 16 bits for amounts of light, which few programs write.
      state.flags |= UInt32(PNG_IMAGE_FLAG_16BIT_sRGB)
      let pixelFormat: Image.PixelFormat = state.format & UInt32(PNG_FORMAT_FLAG_ALPHA) != 0 ? .rgba : .rgb
      state.format = format(pixelFormat)
      var pixels = [UInt8](repeating: 0, count: width * height * pixelFormat.rawValue)
      guard png_image_finish_read(&state, nil, &pixels, 0, nil) != 0 else { throw broken(message(&state)) }
      return Image(width: width, height: height, format: pixelFormat, pixels: pixels)
    }
  }

  private static var state: png_image {
    var state = png_image()
    state.version = UInt32(PNG_IMAGE_VERSION)
    return state
  }

  private static func format(_ format: Image.PixelFormat) -> UInt32 {
    UInt32(PNG_FORMAT_FLAG_COLOR) | (format == .rgba ? UInt32(PNG_FORMAT_FLAG_ALPHA) : 0)
  }

  private static func message(_ state: inout png_image) -> String {
    withUnsafeBytes(of: &state.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
