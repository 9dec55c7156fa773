/// The errors of one 3D pose as work on Human3.6M with few labels reports them, in the poses' unit, by custom millimetres.
///
/// With p' and g' the predicted and the true pose relative to their own roots:
///
///     MPJPE    mean over all joints but the root of |p' - g'|
///     N-MPJPE  the same of |s p' - g'|,  s = <p', g'> / <p', p'>: the best scale, negative where that fits better
///     PA-MPJPE mean over all joints after the best similarity, never a reflection
///
/// A mean over all joints is (joints - 1) / joints of the first two, since the root's error is 0.
public struct RootedPoseErrors: Sendable, Equatable, Codable {
  public let mpjpe: Double
  /// N-MPJPE.
  public let scaledMPJPE: Double
  /// PA-MPJPE, over all joints.
  public let alignedMPJPE: Double
  /// PA-MPJPE, over all joints but the root; the alignment is over all.
  public let alignedMPJPEWithoutRoot: Double

  /// - Parameters:
  ///   - predicted, target: all joints in one order.
  ///   - root: which of them poses are relative to.
  public init(predicted: [SIMD3<Double>], target: [SIMD3<Double>], root: Int = 0) {
    precondition(
      predicted.count == target.count && predicted.count > 1, "RootedPoseErrors: \(predicted.count) and \(target.count)"
    )
    let others = predicted.indices.filter { $0 != root }
    let p = others.map { predicted[$0] - predicted[root] }
    let g = others.map { target[$0] - target[root] }
    let scale = bestScale(of: p, onto: g)
    let similarity = Similarity(aligning: predicted, to: target)
    let aligned = zip(predicted, target).map { norm(similarity($0) - $1) }
    mpjpe = meanDistance(p, g)
    scaledMPJPE = meanDistance(p.map { $0 * scale }, g)
    alignedMPJPE = aligned.reduce(0, +) / Double(aligned.count)
    alignedMPJPEWithoutRoot = others.reduce(0) { $0 + aligned[$1] } / Double(others.count)
  }

  private init(_ mpjpe: Double, _ scaled: Double, _ aligned: Double, _ withoutRoot: Double) {
    (self.mpjpe, scaledMPJPE, alignedMPJPE, alignedMPJPEWithoutRoot) = (mpjpe, scaled, aligned, withoutRoot)
  }

  /// The mean over poses; NaN without any.
  public static func mean(of errors: [RootedPoseErrors]) -> RootedPoseErrors {
    func mean(_ value: KeyPath<RootedPoseErrors, Double>) -> Double {
      errors.reduce(0) { $0 + $1[keyPath: value] } / Double(errors.count)
    }
    return RootedPoseErrors(
      mean(\.mpjpe), mean(\.scaledMPJPE), mean(\.alignedMPJPE), mean(\.alignedMPJPEWithoutRoot))
  }
}

/// The factor that brings points closest to targets in the sum of squared distances; 0 where all points are at the origin.
public func bestScale(of points: [SIMD3<Double>], onto targets: [SIMD3<Double>]) -> Double {
  let square = points.reduce(0) { $0 + dot($1, $1) }
  return square > 1e-12 ? zip(points, targets).reduce(0) { $0 + dot($1.0, $1.1) } / square : 0
}
