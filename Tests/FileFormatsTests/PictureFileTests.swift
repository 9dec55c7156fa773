import Compute
import Foundation
import Testing

@testable import FileFormats

@Suite struct PictureFileTests {
  private func decode(_ base64: String) throws -> Image {
    try PictureFile.decode(try #require(Data(base64Encoded: base64)), source: "t")
  }

  private func fault(_ data: Data, atMost limit: Int = PictureFile.largestPixelCount) throws -> ComputeError {
    let error = try #require(throws: ComputeError.self) {
      try PictureFile.decode(data, source: "t", atMost: limit)
    }
    #expect(error.kind == .data && error.what.hasPrefix("t: "))
    return error
  }

  /// Smooth colours that rise along different axes, so that nothing can change places unseen.
  private func slope(_ width: Int, _ height: Int) -> [UInt8] {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width { pixels += [UInt8(20 + 200 * x / width), UInt8(20 + 200 * y / height), 60] }
    }
    return pixels
  }

  // MARK: JPEG

  /// 16 x 8 pixels, (200, 40, 30) on the left and (20, 60, 180) on the right, written by Pillow.
  private static let jpeg =
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDA"
    + "sKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wAARCAAI"
    + "ABADAREAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAABwj/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAACQj/xA"
    + "AUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCW0/lEDZjAhv/Z"

  @Test func jpegsOfOtherProgramsAreRead() throws {
    let image = try decode(Self.jpeg)
    #expect((image.width, image.height, image.format) == (16, 8, .rgb))
    for pixel in 0..<128 {
      let wanted = pixel % 16 < 8 ? [200, 40, 30] : [20, 60, 180]
      for channel in 0..<3 { #expect(abs(Int(image.pixels[3 * pixel + channel]) - wanted[channel]) <= 2) }
    }
  }

  @Test(arguments: [(1, 1), (17, 9), (64, 33)], [false, true])
  func jpegsKeepTheirPlace(size: (Int, Int), isProgressive: Bool) throws {
    let pixels = slope(size.0, size.1)
    let bytes = try JPEGEncoder.encode(pixels, width: size.0, height: size.1, isProgressive: isProgressive)
    let image = try PictureFile.decode(bytes, source: "t")
    #expect((image.width, image.height) == size)
    for (a, b) in zip(image.pixels, pixels) { #expect(abs(Int(a) - Int(b)) <= 8) }
    // The start of the bytes does not matter: a slice of a longer file reads the same.
    #expect(try PictureFile.decode((Data([1, 2, 3]) + bytes).dropFirst(3), source: "t") == image)
  }

  @Test func greyJPEGsBecomeRGB() throws {
    let image = try PictureFile.decode(
      try JPEGEncoder.encode(slope(20, 10), width: 20, height: 10, .grey), source: "t")
    for pixel in 0..<200 {
      let (r, g, b) = (image.pixels[3 * pixel], image.pixels[3 * pixel + 1], image.pixels[3 * pixel + 2])
      #expect(r == g && g == b)
    }
    #expect(image.pixels[3 * 19] > image.pixels[0] + 40)
  }

  @Test func printingColoursAreRefused() throws {
    let bytes = try JPEGEncoder.encode([UInt8](repeating: 90, count: 8 * 8 * 4), width: 8, height: 8, .printing)
    let error = try fault(bytes)
    #expect(error.what.contains("CMYK") && error.mend.contains("RGB"))
  }

  /// Cut anywhere, a picture is refused, never filled up with grey.
  @Test(arguments: [false, true]) func cutJPEGsAreRefused(isProgressive: Bool) throws {
    let pixels = PNGTests.noise(40 * 30 * 3)
    let bytes = try JPEGEncoder.encode(pixels, width: 40, height: 30, isProgressive: isProgressive)
    for count in stride(from: 2, to: bytes.count - 2, by: 37) { _ = try fault(bytes.prefix(count)) }
  }

  /// Whatever byte is changed: a picture or an error, no crash.
  @Test func damagedPicturesDoNoHarm() throws {
    let jpeg = try #require(Data(base64Encoded: Self.jpeg))
    let png = try PNG.encode(Image(width: 5, height: 4, format: .rgba, pixels: PNGTests.noise(80)))
    let pgm = Data("P5 3 2 255\n".utf8) + [1, 2, 3, 4, 5, 6]
    var refused = 0
    for bytes in [jpeg, png, pgm] {
      for place in bytes.indices {
        for value in [UInt8(0), 0x41, 0xFF] {
          var damaged = bytes
          damaged[place] = value
          do {
            let image = try PictureFile.decode(damaged, source: "t", atMost: 1 << 20)
            #expect(image.format == .rgb)
          } catch let error as ComputeError {
            #expect(error.kind == .data)
            refused += 1
          }
        }
      }
    }
    #expect(refused > 200)
  }

  // MARK: PNG

  @Test func alphaIsLaidOverBlack() throws {
    let image = Image(
      width: 3, height: 1, format: .rgba, pixels: [200, 100, 50, 255, 200, 100, 50, 0, 200, 100, 51, 128])
    let read = try PictureFile.decode(try PNG.encode(image), source: "t")
    #expect(read == Image(width: 3, height: 1, pixels: [200, 100, 50, 0, 0, 0, 100, 50, 26]))
    #expect(read.overBlack == read)
  }

  /// Written by Pillow: grey of 16 bits (0, 16448; 65535, 33096), and a palette of 2 bits.
  @Test func deepAndPalettePNGsAreRead() throws {
    let deep = try decode(
      "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACEAAAAAAHTY67AAAAEklEQVR4nGNgYHBwYPr/35EDAArXAsrLnrE6AAAAAElFTkSuQmCC")
    #expect(deep == Image(width: 2, height: 2, pixels: [0, 64, 255, 129].flatMap { [$0, $0, $0] }))
    let palette = try decode(
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAgMAAABmjvwnAAAADFBMVEUAAAAKFB7/gAAAAAA69X4UAAAACklEQVR4nGOQAAAAGgAZLYj0NgAA"
        + "AABJRU5ErkJggg==")
    #expect(palette == Image(width: 3, height: 1, pixels: [0, 0, 0, 10, 20, 30, 255, 128, 0]))
  }

  @Test func cutPNGsAreRefused() throws {
    let bytes = try PNG.encode(Image(width: 20, height: 10, pixels: PNGTests.noise(600)))
    for count in stride(from: 4, to: bytes.count - 20, by: 13) { _ = try fault(bytes.prefix(count)) }
  }

  // MARK: PPM and PGM

  @Test func plainPicturesAreRead() throws {
    let color = Data("P6\n# made by hand\n2 1\r\n#again\n255 ".utf8) + [1, 2, 3, 0x23, 10, 255]
    #expect(
      try PictureFile.decode(color, source: "t") == Image(width: 2, height: 1, pixels: [1, 2, 3, 0x23, 10, 255]))
    let grey = Data("P5 1 2 255\n".utf8) + [7, 32]
    #expect(try PictureFile.decode(grey, source: "t") == Image(width: 1, height: 2, pixels: [7, 7, 7, 32, 32, 32]))
    // A mask of zeros and ones, and a largest sample that does not divide 255.
    let mask = Data("P5 2 1 1\n".utf8) + [0, 1]
    #expect(try PictureFile.decode(mask, source: "t").pixels == [0, 0, 0, 255, 255, 255])
    let odd = Data("P5 3 1 100\n".utf8) + [0, 50, 100]
    #expect(try PictureFile.decode(odd, source: "t").pixels == [0, 0, 0, 128, 128, 128, 255, 255, 255])
  }

  @Test(arguments: [
    ("P5 2 2 255\nabc", "4 bytes, 3 follow"), ("P5 2 2 255\nabcde", "4 bytes, 5 follow"), ("P6 1 1 255\n", "0 follow"),
    ("P5 2 2 65535\nabcdefgh", "largest sample is 65535"), ("P5 2 2 0\nabcd", "largest sample is 0"),
    ("P5 0 2 255\n", "0 x 2"), ("P5 2 x 255\nabcd", "decimal"), ("P5 2 2", "decimal"), ("P5 2 2 255", "white space"),
    ("P5 2 2 255#abcd", "white space"), ("P522 255\nabcd", "decimal"), ("P5 9999999999 1 255\n", "decimal"),
    ("P5 2 1 100\nee", "a sample is 101"), ("P2 1 1 255\n7", "neither P5 nor P6"), ("P3 1 1 255\n7 7 7", "neither"),
    ("P5", "neither"), ("P6 999999999 999999999 255\n", "at most"),
  ])
  func malformedPlainPicturesAreRefused(text: String, names: String) throws {
    let error = try fault(Data(text.utf8))
    #expect(error.description.contains(names), "\(error)")
  }

  // MARK: All kinds

  /// A size that is claimed is refused before anything of that size is made.
  @Test func largePicturesAreRefused() throws {
    let pixels = slope(20, 10)
    let image = Image(width: 20, height: 10, pixels: pixels)
    for bytes in [
      try JPEGEncoder.encode(pixels, width: 20, height: 10), try PNG.encode(image),
      Data("P6 20 10 255\n".utf8) + pixels,
    ] {
      #expect(try PictureFile.decode(bytes, source: "t", atMost: 200).width == 20)
      #expect(try fault(bytes, atMost: 199).what == "t: a picture of 20 x 10 pixels")
    }
    // Height and width of the JPEG's frame header set to 65,500.
    var huge = try #require(Data(base64Encoded: Self.jpeg))
    let frame = try #require(huge.firstRange(of: Data([0xFF, 0xC0])))
    for offset in [5, 7] {
      huge.replaceSubrange(frame.lowerBound + offset..<frame.lowerBound + offset + 2, with: [0xFF, 0xDC])
    }
    #expect(try fault(huge).what == "t: a picture of 65500 x 65500 pixels")
  }

  @Test(arguments: [Data(), Data("no picture".utf8), Data("GIF89a".utf8), Data([0xFF]), Data("P8 1 1".utf8)])
  func otherFilesAreRefused(bytes: Data) throws {
    let error = try fault(bytes)
    #expect(error.what == "t: not a picture of a known kind")
    #expect(bytes.isEmpty == error.why.contains("empty"))
  }

  @Test func namesDoNotMatter() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("p.jpg")
      let image = Image(width: 2, height: 1, pixels: [255, 0, 0, 0, 0, 255])
      try PNG.write(image, to: url)
      #expect(try PictureFile.read(url) == image)
      let absent = #expect(throws: ComputeError.self) { try PictureFile.read(folder.appendingPathComponent("q.png")) }
      #expect(absent?.kind == .noInput)
    }
  }
}
