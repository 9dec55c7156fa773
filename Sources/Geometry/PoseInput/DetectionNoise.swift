/// Synthetic errors of 2D detections of the human36 joints: independent normal offsets, as measured for the detector of
/// Moon, Chang and Lee, "Camera distance-aware top-down approach for 3D multi-person pose estimation", 2019.
public enum DetectionNoise {
  /// Of one joint, in a picture of 256 x 256 pixels.
  private struct Offset {
    let mean, deviation: SIMD2<Double>
    /// How often the joint is disturbed at all.
    let probability: Double

    init(_ meanX: Double, _ meanY: Double, _ deviationX: Double, _ deviationY: Double, _ probability: Double) {
      mean = SIMD2(meanX, meanY)
      deviation = SIMD2(deviationX, deviationY)
      self.probability = probability
    }
  }

  /// In the order of `JointSet.human36`.
  private static let offsets = [
    Offset(-0.06, -2.37, 1.33, 2.13, 1.00), Offset(-0.83, -2.07, 3.41, 2.69, 1.00),
    Offset(-0.04, -1.01, 1.74, 2.20, 0.95), Offset(0.52, -3.40, 1.39, 2.14, 0.93),
    Offset(0.78, -2.79, 3.26, 2.28, 1.00), Offset(0.42, -0.15, 1.53, 1.99, 0.94),
    Offset(-0.15, -3.78, 1.39, 2.39, 0.93), Offset(-0.05, 0.10, 1.36, 1.74, 0.99),
    Offset(0.14, -2.56, 1.18, 1.15, 0.99), Offset(0.13, -0.26, 0.78, 0.59, 0.98),
    Offset(0.09, 0.49, 1.35, 0.87, 0.99), Offset(-0.19, 0.31, 2.51, 1.48, 0.99),
    Offset(0.11, -0.60, 1.79, 1.76, 0.95), Offset(-0.02, 0.88, 2.02, 2.10, 0.91),
    Offset(0.52, -0.12, 2.23, 1.73, 0.99), Offset(0.06, -0.44, 1.93, 1.63, 0.95),
    Offset(0.05, 0.16, 2.02, 2.24, 0.90),
  ]

  /// Joints in crop pixels with their errors. All offsets are drawn first, then which of them count.
  public static func applied(
    to joints: [SIMD2<Double>], using random: inout some RandomNumberGenerator
  ) -> [SIMD2<Double>] {
    precondition(
      joints.count == offsets.count, "DetectionNoise: \(joints.count) joints, but it knows the 17 of human36")
    let drawn = offsets.map { offset in
      let x = random.normal(mean: offset.mean.x, deviation: offset.deviation.x)
      return SIMD2(x, random.normal(mean: offset.mean.y, deviation: offset.deviation.y))
    }
    let isDisturbed = offsets.map { $0.probability > random.uniform() }
    return joints.indices.map { isDisturbed[$0] ? joints[$0] + drawn[$0] * InputCrop.size / 256 : joints[$0] }
  }
}
