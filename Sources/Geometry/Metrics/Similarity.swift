/// A rotation, one scale for all axes, and a shift: `p -> scale * R p + t`.
public struct Similarity: Sendable, Equatable {
  public var scale: Double
  public var rotation: Matrix3
  public var translation: SIMD3<Double>

  /// - Parameter scale: positive.
  public init(
    scale: Double = 1, rotation: Matrix3 = .identity, translation: SIMD3<Double> = SIMD3(repeating: 0)
  ) {
    precondition(scale > 0, "Similarity: the scale \(scale) is not positive")
    self.scale = scale
    self.rotation = rotation
    self.translation = translation
  }

  /// The similarity that brings `points` closest to `targets` in the sum of squared distances, never a reflection
  /// (Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991).
  ///
  /// Points that are all at one place keep scale 1.
  public init(aligning points: [SIMD3<Double>], to targets: [SIMD3<Double>]) {
    precondition(points.count == targets.count, "Similarity: \(points.count) points, \(targets.count) targets")
    let from = centroid(points)
    let to = centroid(targets)
    var covariance = Matrix3(diagonal: .zero)
    var variance = 0.0
    for (point, target) in zip(points, targets) {
      let a = point - from
      let b = target - to
      covariance.x += a * b.x
      covariance.y += a * b.y
      covariance.z += a * b.z
      variance += dot(a, a)
    }
    let decomposition = covariance.singularValues
    var s = decomposition.s
    var v = decomposition.v
    if v.determinant * decomposition.u.determinant < 0 {
      v.z = -v.z
      s.z = -s.z
    }
    rotation = v * decomposition.u.transposed
    scale = variance > 0 ? s.sum() / variance : 1
    translation = to - (rotation * from) * scale
  }

  public func callAsFunction(_ point: SIMD3<Double>) -> SIMD3<Double> { (rotation * point) * scale + translation }

  /// The way back: `q -> R^T (q - t) / scale`.
  public var inverse: Similarity {
    Similarity(
      scale: 1 / scale, rotation: rotation.transposed, translation: -(rotation.transposed * translation) / scale)
  }
}
