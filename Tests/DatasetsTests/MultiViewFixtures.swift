import Datasets
import Geometry

/// Recordings whose pictures are a ramp of colours that only their place and draw decide, for tests of sampling.
struct RampRecordings: MultiViewRecordings {
  var sequences: [MultiViewSequence]

  init(_ sequences: [MultiViewSequence]) { self.sequences = sequences }

  /// One training take of every frame from 0, with four views.
  init(frames: Int, framesPerSecond: Double = 50, views: Int = 4, split: SampleSplit = .train) {
    sequences = [Self.sequence("S1/take", "S1", split, Array(0..<frames), framesPerSecond, views: views)]
  }

  static func sequence(
    _ identifier: String, _ subject: String, _ split: SampleSplit, _ frames: [Int], _ framesPerSecond: Double = 50,
    views: Int = 4
  ) -> MultiViewSequence {
    MultiViewSequence(
      identifier: identifier, subject: subject, split: split, views: (0..<views).map { "camera \($0)" },
      framesPerSecond: framesPerSecond, frames: frames)
  }

  func picture(
    at place: MultiViewPlace, _ augmentation: PictureAugmentation, size: Int, draw: UInt64
  ) throws -> PersonPicture {
    var colors: [Float] = []
    for row in 0..<size {
      for column in 0..<size {
        let across = Float(augmentation.isMirrored ? size - 1 - column : column) / Float(size)
        colors += [across, Float(row) / Float(size), Float((place.frame + 7 * place.view) % 10) / 10]
      }
    }
    return PersonPicture(size: size, colors: colors)
  }

  /// A pose that says who it is: joint j of frame n in view v.
  func joints(at place: MultiViewPlace) throws -> [SIMD3<Double>]? {
    (0..<17).map { SIMD3(Double($0) * 10 + Double(place.frame), Double(place.view), 4000 + Double($0 * $0)) }
  }
}
