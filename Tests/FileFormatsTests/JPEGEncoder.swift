import CTurboJPEG
import Foundation
import Testing

/// JPEG files for the tests; the package itself writes none.
enum JPEGEncoder {
  enum Colors { case color, grey, printing }

  /// - Parameter pixels: RGB, or CMYK for `printing`.
  static func encode(
    _ pixels: [UInt8], width: Int, height: Int, _ colors: Colors = .color, isProgressive: Bool = false
  ) throws -> Data {
    let encoder = try #require(tjInitCompress())
    defer { tjDestroy(encoder) }
    var bytes: UnsafeMutablePointer<UInt8>?
    var size: UInt = 0
    defer { tjFree(bytes) }
    let (format, subsampling): (Int32, Int32) =
      switch colors {
      case .color: (Int32(TJPF_RGB.rawValue), Int32(TJSAMP_444.rawValue))
      case .grey: (Int32(TJPF_RGB.rawValue), Int32(TJSAMP_GRAY.rawValue))
      case .printing: (Int32(TJPF_CMYK.rawValue), Int32(TJSAMP_444.rawValue))
      }
    let done = tjCompress2(
      encoder, pixels, Int32(width), 0, Int32(height), format, &bytes, &size, subsampling, 95,
      isProgressive ? TJFLAG_PROGRESSIVE : 0)
    try #require(done == 0)
    return Data(bytes: try #require(bytes), count: Int(size))
  }
}
