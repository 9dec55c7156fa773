import Foundation
import Geometry

/// The square about a person that a picture is cut out along, and the map of camera pixels onto the cut-out's.
///
///     q = (size / side) turn (p - centre) + size / 2, then x to size - x in a mirror
public struct PersonCrop: Sendable, Equatable {
  /// In pixels of the camera's picture.
  public let centre: SIMD2<Double>
  public let side: Double
  /// Clockwise, radians.
  public let rotation: Double
  public private(set) var isMirrored: Bool
  /// Height and width of the cut-out.
  public let size: Int

  /// The side is 1.15 times the longer side of the person's box, as recordings with boxes of their own have it; then the
  /// augmentation moves and scales the square.
  ///
  /// - Parameters:
  ///   - low, high: corners of the person's box in the camera's picture.
  init(low: SIMD2<Double>, high: SIMD2<Double>, _ augmentation: PictureAugmentation, size: Int) {
    let side = 1.15 * max((high - low).max(), 1e-6)
    centre = (low + high) / 2 + augmentation.shift * side
    self.side = side * augmentation.scale
    rotation = augmentation.rotation
    isMirrored = augmentation.isMirrored
    self.size = size
  }

  /// The same cut-out before the mirror.
  var unmirrored: PersonCrop {
    var crop = self
    crop.isMirrored = false
    return crop
  }

  /// The map as a matrix on (x, y, 1); with the camera's own intrinsic matrix K it makes that of the cut-out, K' = A K.
  public var matrix: Matrix3 {
    let scale = Double(size) / side
    let (c, s) = (scale * cos(rotation), scale * sin(rotation))
    let half = Double(size) / 2
    let turned = Matrix3(
      rows: SIMD3(c, -s, half - c * centre.x + s * centre.y), SIMD3(s, c, half - s * centre.x - c * centre.y),
      SIMD3(0, 0, 1))
    guard isMirrored else { return turned }
    return Matrix3(rows: SIMD3(-1, 0, Double(size)), SIMD3(0, 1, 0), SIMD3(0, 0, 1)) * turned
  }

  /// From the cut-out's pixels to the camera's.
  func cameraPixel(_ q: SIMD2<Double>) -> SIMD2<Double> {
    let half = Double(size) / 2
    let offset = (SIMD2(isMirrored ? Double(size) - q.x : q.x, q.y) - half) * (side / Double(size))
    let (c, s) = (cos(rotation), sin(rotation))
    return SIMD2(c * offset.x + s * offset.y, c * offset.y - s * offset.x) + centre
  }
}

extension Camera {
  /// K: rows (f_x, 0, c_x), (0, f_y, c_y), (0, 0, 1).
  public var intrinsics: Matrix3 {
    Matrix3(rows: SIMD3(focalLength.x, 0, centre.x), SIMD3(0, focalLength.y, centre.y), SIMD3(0, 0, 1))
  }

  /// The direction, in the world, in which a pixel sees.
  func ray(through pixel: SIMD2<Double>) -> SIMD3<Double> {
    let offset = (pixel - centre) / focalLength
    return rotation.transposed * SIMD3(offset.x, offset.y, 1)
  }
}
