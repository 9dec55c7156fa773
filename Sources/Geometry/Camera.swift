import Foundation

/// A pinhole camera without distortion.
///
///     camera point  X_c = R X_w + t          x right, y down, z forward
///     pixel         (u, v) = f * (X_c / Z_c, Y_c / Z_c) + c
///
/// `t` has the unit of the world's points.
public struct Camera: Sendable, Equatable {
  public var rotation: Matrix3
  public var translation: SIMD3<Double>
  /// Pixels.
  public var focalLength: SIMD2<Double>
  /// The principal point, in pixels.
  public var centre: SIMD2<Double>
  /// Width and height of the image, in pixels.
  public var imageSize: SIMD2<Int>

  public init(
    rotation: Matrix3, translation: SIMD3<Double>, focalLength: SIMD2<Double>, centre: SIMD2<Double>,
    imageSize: SIMD2<Int>
  ) {
    self.rotation = rotation
    self.translation = translation
    self.focalLength = focalLength
    self.centre = centre
    self.imageSize = imageSize
  }

  /// A camera at `position` that sees `target` in the middle of its picture.
  public init(
    at position: SIMD3<Double>, lookingAt target: SIMD3<Double>, up: SIMD3<Double>, focalLength: Double,
    imageSize: SIMD2<Int>
  ) {
    let rotation = Matrix3(lookingAlong: target - position, up: up)
    self.init(
      rotation: rotation, translation: -(rotation * position), focalLength: SIMD2(focalLength, focalLength),
      centre: SIMD2(Double(imageSize.x), Double(imageSize.y)) / 2, imageSize: imageSize)
  }

  /// The camera's place in the world.
  public var position: SIMD3<Double> { -(rotation.transposed * translation) }

  /// A world point in camera coordinates.
  public func toCamera(_ point: SIMD3<Double>) -> SIMD3<Double> { rotation * point + translation }

  /// The pixel of a point in camera coordinates; its depth must not be 0.
  public func project(_ cameraPoint: SIMD3<Double>) -> SIMD2<Double> {
    focalLength * SIMD2(cameraPoint.x, cameraPoint.y) / cameraPoint.z + centre
  }

  /// The pixel of a world point.
  public func pixel(of point: SIMD3<Double>) -> SIMD2<Double> { project(toCamera(point)) }
}

extension Camera {
  /// Four cameras like those of the Human3.6M studio: in the corners around the subject, about 5 m away and 1.5 m above
  /// the floor, focal length 1145 pixels, pictures of 1000 x 1002 pixels.
  ///
  /// - Parameters:
  ///   - target: what they look at, in metres; the floor lies at height 0 along `up`.
  ///   - up: a unit vector.
  public static func studio(
    around target: SIMD3<Double>, up: SIMD3<Double>, distanceInMetres: Double = 5, heightInMetres: Double = 1.5
  ) -> [Camera] {
    // Any two directions on the floor at right angles will do.
    let seed = abs(up.x) < 0.9 ? SIMD3(1.0, 0, 0) : SIMD3(0.0, 0, 1)
    let sideways = cross(up, seed) / norm(cross(up, seed))
    let ahead = cross(sideways, up)
    let floor = target - up * dot(target, up)
    return [1.0, 3, 5, 7].map { eighth in
      let angle = eighth * Double.pi / 4
      let position = floor + (sideways * cos(angle) + ahead * sin(angle)) * distanceInMetres + up * heightInMetres
      return Camera(at: position, lookingAt: target, up: up, focalLength: 1145, imageSize: SIMD2(1000, 1002))
    }
  }
}
