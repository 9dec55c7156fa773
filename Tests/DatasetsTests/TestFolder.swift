import FileFormats
import Foundation
import Geometry

@testable import Datasets

/// A small multi-view folder: people are squares of one colour that walk over a noisy floor.
struct TestFolder {
  static let (width, height) = (40, 30)
  let url: URL

  /// Makes one, hands it over, and removes it.
  static func with(
    sequences: [(id: String, split: String)] = [("S1/Walk-1", "train"), ("S2/Walk-1", "train")],
    views: [String] = ["left", "right"], frames: Range<Int> = 1..<9, _ body: (TestFolder) throws -> Void
  ) throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: url) }
    let folder = TestFolder(url: url)
    for (number, sequence) in sequences.enumerated() {
      for (view, name) in views.enumerated() {
        let place = url.appendingPathComponent(sequence.id).appendingPathComponent(name)
        try AtomicFile.makeFolder(place)
        for frame in frames {
          try folder.write(picture(number, view, frame), to: "\(sequence.id)/\(name)/\(padded(frame)).ppm")
        }
      }
    }
    let entries = sequences.map { sequence -> JSONValue in
      [
        "id": .string(sequence.id), "subject": .string(String(sequence.id.prefix(2))), "split": .string(sequence.split),
        "views": .array(views.map { .string($0) }),
      ]
    }
    try folder.writeDescription(["version": 1, "fps": 50, "unit": "mm", "sequences": .array(entries)])
    try body(folder)
  }

  static func padded(_ frame: Int) -> String { String(repeating: "0", count: 6 - "\(frame)".count) + "\(frame)" }

  /// Where the square of a frame begins; it walks five pixels per frame.
  static func corner(_ frame: Int) -> SIMD2<Int> { SIMD2(5 * frame % 33, 8 + frame % 3) }

  /// The room without anybody: colours of 40 to 99.
  static func room(_ sequence: Int, _ view: Int) -> Image {
    var random = PhiloxGenerator(seed: 7, stream: UInt64(10 * sequence + view))
    let pixels = (0..<width * height * 3).map { _ in UInt8(40 + random.index(below: 60)) }
    return Image(width: width, height: height, pixels: pixels)
  }

  /// The room with a square of 6 x 12 pixels in (220, 180, 200).
  static func picture(_ sequence: Int, _ view: Int, _ frame: Int) -> Image {
    var image = room(sequence, view)
    let corner = corner(frame)
    for y in corner.y..<corner.y + 12 {
      for x in corner.x..<corner.x + 6 {
        for (channel, value) in [UInt8(220), 180, 200].enumerated() {
          image.pixels[3 * (y * width + x) + channel] = value
        }
      }
    }
    return image
  }

  func write(_ image: Image, to path: String) throws {
    try AtomicFile.write(
      Data("P6 \(image.width) \(image.height) 255\n".utf8) + image.pixels, to: url.appendingPathComponent(path))
  }

  func write(_ text: String, to path: String) throws {
    try AtomicFile.makeFolder(url.appendingPathComponent(path).deletingLastPathComponent())
    try AtomicFile.write(Data(text.utf8), to: url.appendingPathComponent(path))
  }

  func writeDescription(_ json: JSONValue) throws { try write(json.text, to: "dataset.json") }

  func remove(_ path: String) throws { try FileManager.default.removeItem(at: url.appendingPathComponent(path)) }

  func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: url.appendingPathComponent(path).path) }

  func text(_ path: String) throws -> String { try InputFile.text(url.appendingPathComponent(path)) }
}
