import CTurboJPEG
import Compute
import Foundation

/// JPEG pictures, through libjpeg-turbo's TurboJPEG interface. They are read, not written.
public enum JPEG {
  /// Decodes the bytes of a JPEG file to RGB; grey becomes three equal channels.
  ///
  /// Baseline and progressive files of 8 bits per sample are read. A turn that a phone notes beside the picture (EXIF
  /// orientation) is not carried out. A file that the decoder could only guess the rest of is refused, since the guess is
  /// a grey area.
  ///
  /// - Parameters:
  ///   - source: What to call the file in errors.
  ///   - limit: The most pixels that are read.
  /// - Throws: `ComputeError` `.data` when the bytes are not a complete JPEG file, it holds printing colours (CMYK), or has
  ///   more pixels than `limit`; `.system` when there is no memory for a decoder.
  public static func decode(_ data: Data, source: String, atMost limit: Int = 1 << 28) throws -> Image {
    guard let decoder = tjInitDecompress() else {
      throw ComputeError(
        .system, what: "\(source): the JPEG decoder cannot start", why: message(nil), mend: "free some memory")
    }
    defer { tjDestroy(decoder) }
    func broken() -> ComputeError {
      ComputeError(
        .data, what: "\(source): not a JPEG picture that can be read", why: message(decoder),
        mend: "fetch or make the picture again; what is to be read is a complete baseline or progressive JPEG of 8 bits"
      )
    }
    return try data.withUnsafeBytes { bytes in
      let input = bytes.bindMemory(to: UInt8.self).baseAddress
      let size = UInt(bytes.count)
      var (width, height, subsampling, colors): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
      guard tjDecompressHeader3(decoder, input, size, &width, &height, &subsampling, &colors) == 0 else {
        throw broken()
      }
      guard colors != Int32(TJCS_CMYK.rawValue), colors != Int32(TJCS_YCCK.rawValue) else {
        throw ComputeError(
          .data, what: "\(source): a JPEG picture in CMYK",
          why: "four printing inks are not a camera's red, green and blue",
          mend: "convert it to RGB, for instance with ImageMagick: convert in.jpg -colorspace sRGB out.jpg")
      }
      guard Int(width) * Int(height) <= limit else {
        throw PictureFile.tooLarge(Int(width), Int(height), limit, source)
      }
      var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * 3)
      // Few scans: a progressive file may repeat a picture thousands of times to keep the reader busy.
      let flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS | TJFLAG_STOPONWARNING
      guard tjDecompress2(decoder, input, size, &pixels, width, 0, height, Int32(TJPF_RGB.rawValue), flags) == 0 else {
        throw broken()
      }
      return Image(width: Int(width), height: Int(height), pixels: pixels)
    }
  }

  private static func message(_ decoder: tjhandle?) -> String {
    tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "the decoder gives no reason"
  }
}
