import Datasets
import Foundation

/// Recordings without people: a picture shows stripes whose phase is the frame's and whose tint the camera's. Cheap, and a
/// pure function of its arguments as the protocol demands.
struct StripedRecordings: MultiViewRecordings {
  let sequences: [MultiViewSequence]

  init(testTakes: [String] = ["take"]) {
    let takes: [(String, String, SampleSplit)] =
      [("S1", "take", .train), ("S2", "take", .train), ("S3", "take", .validation)]
      + testTakes.map { ("S4", $0, .test) }
    sequences = takes.map { subject, take, split in
      MultiViewSequence(
        identifier: "\(subject)/\(take)", subject: subject, split: split, views: ["left", "right", "back"],
        framesPerSecond: 50, frames: Array(stride(from: 0, to: 300, by: 5)))
    }
  }

  func picture(
    at place: MultiViewPlace, _ crop: PictureAugmentation, size: Int, draw: UInt64
  ) throws -> PersonPicture {
    var colors: [Float] = []
    for row in 0..<size {
      for column in 0..<size {
        let x = crop.isMirrored ? size - 1 - column : column
        let start = Double(place.frame) / 40 + Double(place.sequence)
        let phase = start + Double(x) / 5 + crop.rotation
        let value = Float(0.5 + 0.4 * sin(phase) * cos(Double(row) / 7))
        let tint = Float(place.view + 1) / 3
        colors += [value, value * tint, Float(draw % 7) / 10]
      }
    }
    return PersonPicture(size: size, colors: colors)
  }

  /// A pose that turns with time, seen alike by all cameras.
  func joints(at place: MultiViewPlace) throws -> [SIMD3<Double>]? {
    (0..<17).map { joint in
      let angle = Double(place.frame) / 60 + Double(joint)
      return SIMD3(200 * cos(angle), 100 * sin(2 * angle) + 50 * Double(joint), 3000 + 200 * sin(angle))
    }
  }
}
