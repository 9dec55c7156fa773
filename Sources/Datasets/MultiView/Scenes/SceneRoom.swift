import Foundation
import Geometry

/// A room with four cameras about its middle, like the studio of Human3.6M: the numbers are of that size, none is a copy.
struct SceneRoom: Sendable {
  static let cameraCount = 4
  /// Width and height of a whole picture, in pixels.
  static let imageSize = SIMD2(1000, 1000)
  /// Half a side of the square, in metres, that people move in.
  static let reach = 2.0

  let number: Int
  /// Metres, z up, the floor at 0.
  let cameras: [Camera]

  init(number: Int, seed: UInt64) {
    self.number = number
    var random = SceneStream.room.generator(seed: seed, number: number)
    cameras = (0..<Self.cameraCount).map { corner in
      let azimuth = (45 + 90 * Double(corner) + random.uniform(in: -12...12)) * .pi / 180
      let distance = random.uniform(in: 4.6...5.8)
      let position = SIMD3(distance * cos(azimuth), distance * sin(azimuth), random.uniform(in: 1.4...1.8))
      func jitter(_ size: Double) -> Double { random.uniform(in: -size...size) }
      let target = SIMD3(jitter(0.1), jitter(0.1), 0.95 + jitter(0.1))
      var camera = Camera(
        at: position, lookingAt: target, up: SIMD3(0, 0, 1), focalLength: random.uniform(in: 1130...1160),
        imageSize: Self.imageSize)
      camera.centre += SIMD2(jitter(15), jitter(15))
      let roll = Matrix3(axis: 2, radians: random.normal() * .pi / 180)
      camera.rotation = roll * camera.rotation
      camera.translation = roll * camera.translation
      return camera
    }
  }
}
