import Compute
import Foundation
import Testing

@testable import FileFormats

@Suite struct PNGTests {
  /// Deterministic noise, which deflate cannot shrink.
  static func noise(_ count: Int) -> [UInt8] {
    var state: UInt32 = 1
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    }
  }

  @Test(arguments: [(1, 1), (7, 3), (64, 65), (1, 200), (300, 1)], [Image.PixelFormat.rgb, .rgba])
  func picturesSurviveEncoding(size: (Int, Int), format: Image.PixelFormat) throws {
    let (width, height) = size
    let image = Image(
      width: width, height: height, format: format, pixels: Self.noise(width * height * format.rawValue))
    let bytes = try PNG.encode(image)
    #expect(try PNG.decode(bytes, source: "t") == image)
    #expect(try PNG.encode(image) == bytes)
  }

  @Test func filesAreWrittenAndRead() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("p.png")
      let image = Image(width: 2, height: 1, pixels: [255, 0, 0, 0, 0, 255])
      try PNG.write(image, to: url)
      #expect(try PNG.read(url) == image)
    }
  }

  /// Made with Python's zlib: 2 x 2 pixels of grey, and 2 x 1 of RGBA.
  @Test func picturesOfOtherProgramsAreRead() throws {
    let grey = try #require(
      Data(
        base64Encoded:
          "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGNgcGBo+A8AAwUBwE4zW+kAAAAASUVORK5CYII="))
    #expect(
      try PNG.decode(grey, source: "t")
        == Image(width: 2, height: 2, pixels: [0, 0, 0, 64, 64, 64, 128, 128, 128, 255, 255, 255]))
    let rgba = try #require(
      Data(
        base64Encoded:
          "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAYAAAD0In+KAAAAEUlEQVR4nGNgZGL+z8XN0wAABg0Bp5yWYooAAAAASUVORK5CYII="))
    #expect(
      try PNG.decode(rgba, source: "t")
        == Image(width: 2, height: 1, format: .rgba, pixels: [1, 2, 3, 255, 10, 11, 12, 128]))
    for bytes in [Data(), Data("no picture".utf8), grey.prefix(50)] {
      let error = #expect(throws: ComputeError.self) { try PNG.decode(bytes, source: "t") }
      #expect(error?.kind == .data)
    }
  }
}
