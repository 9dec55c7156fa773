import Compute
import Foundation

/// An upright rectangle in a picture: the corner of least coordinates and the sides, in pixels.
public struct BoundingBox: Sendable, Equatable {
  public var corner, size: SIMD2<Double>

  public init(corner: SIMD2<Double>, size: SIMD2<Double>) {
    self.corner = corner
    self.size = size
  }

  public var centre: SIMD2<Double> { corner + size / 2 }

  /// The tight box of at least one point, without a margin.
  public init(around points: [SIMD2<Double>]) {
    precondition(!points.isEmpty, "BoundingBox: no points")
    corner = points.dropFirst().reduce(points[0]) { pointwiseMin($0, $1) }
    size = points.dropFirst().reduce(points[0]) { pointwiseMax($0, $1) } - corner
  }

  /// The box that is cut out: one pixel narrower and lower at the same corner, then widened about its centre to the
  /// aspect ratio of the network's input.
  ///
  /// The lost pixel comes from upstream's way to inclusive corners and back.
  ///
  /// - Throws: `ComputeError` of kind `.data` if the box is thinner than a pixel or not finite.
  public func workingBox() throws -> BoundingBox {
    var sides = size - 1
    guard size.x * size.y > 0, sides.x >= 0, sides.y >= 0, sides.x + sides.y > 0, (sides.x + sides.y).isFinite else {
      throw ComputeError(
        .data, what: "the joints of a 2D pose span only \(size.x) by \(size.y) pixels",
        why: "the pose is scaled by its box, which must be at least a pixel wide and high",
        mend: "leave the sample out, or check whether its key points are in pixels")
    }
    let centre = corner + sides / 2
    let ratio = InputCrop.size.x / InputCrop.size.y
    if sides.x > ratio * sides.y {
      sides.y = sides.x / ratio
    } else if sides.x < ratio * sides.y {
      sides.x = sides.y * ratio
    }
    return BoundingBox(corner: centre - sides / 2, size: sides)
  }
}

/// The similarity that carries a box of the picture onto the network's input picture.
///
///     u' = s R(-rotation) (u - centre) + (144, 192),   s = 288 / box width
///
/// It matters for the synthetic 2D errors alone, which are made in crop pixels: `standardised(_:)` undoes place and scale.
public struct InputCrop: Sendable, Equatable {
  /// Width and height of the input picture, in pixels.
  public static let size = SIMD2(288.0, 384.0)

  /// The rows of the 2 x 3 matrix that takes (u, v, 1) to crop pixels.
  public let rows: (u: SIMD3<Double>, v: SIMD3<Double>)
  /// Crop pixels per picture pixel.
  public let scale: Double

  /// - Parameter rotation: radians by which the pose is turned back, counted from the x to the y axis.
  public init(of box: BoundingBox, rotation: Double = 0) {
    scale = InputCrop.size.x / box.size.x
    let centre = box.centre
    let middle = InputCrop.size / 2
    let u = rotate(SIMD2(scale, 0), by: rotation)
    let v = rotate(SIMD2(0, scale), by: rotation)
    rows = (
      SIMD3(u.x, u.y, middle.x - (u * centre).sum()), SIMD3(v.x, v.y, middle.y - (v * centre).sum())
    )
  }

  public func callAsFunction(_ point: SIMD2<Double>) -> SIMD2<Double> {
    let p = SIMD3(point.x, point.y, 1)
    return SIMD2(dot(rows.u, p), dot(rows.v, p))
  }

  public static func == (a: InputCrop, b: InputCrop) -> Bool { a.rows == b.rows }
}

/// A 2D pose as the network sees it: as fractions of the crop, less their mean, over their population standard deviation,
/// each axis for itself.
///
/// - Parameter crop: joints in crop pixels.
/// - Throws: `ComputeError` of kind `.data` if the joints do not spread along an axis, or are not finite. No small number
///   is added to the divisor.
public func standardised(_ crop: [SIMD2<Double>]) throws -> [SIMD2<Double>] {
  let fractions = crop.map { $0 / InputCrop.size }
  let count = Double(crop.count)
  let centred = fractions.map { [mean = fractions.reduce(.zero, +) / count] in $0 - mean }
  let variance = centred.reduce(.zero) { $0 + $1 * $1 } / count
  let spread = variance.squareRoot()
  // Far below a thousandth of a pixel, only rounding is left to divide by.
  guard spread.x > 1e-9, spread.y > 1e-9, spread.x.isFinite, spread.y.isFinite else {
    throw ComputeError(
      .data, what: "a 2D pose has spread \(spread.x * InputCrop.size.x) by \(spread.y * InputCrop.size.y) crop pixels",
      why: "each axis is divided by the spread of its joints",
      mend: "leave the sample out, or check whether its key points are all at one place")
  }
  return centred.map { $0 / spread }
}

/// `point` turned by `angle` radians from the x to the y axis.
func rotate(_ point: SIMD2<Double>, by angle: Double) -> SIMD2<Double> {
  SIMD2(cos(angle) * point.x - sin(angle) * point.y, sin(angle) * point.x + cos(angle) * point.y)
}
