import Datasets

extension PoseStatistics {
  /// What the network is to say of a pose: `[48]`, without unit.
  ///
  /// - Parameter joints: `[48]`: joints 1...16 relative to joint 0, x, y, z inside, in millimetres.
  public func standardized(_ joints: some Sequence<Double>) -> [Double] {
    zip(joints, zip(mean, deviation)).map { ($0 - $1.0) / $1.1 }
  }

  /// The 17 joints relative to the first, in millimetres, that the network means by `[48]` numbers.
  public func joints(_ standardized: some Sequence<Double>) -> [SIMD3<Double>] {
    [.zero] + points(zip(standardized, zip(mean, deviation)).map { $0 * $1.1 + $1.0 })
  }
}

/// Flat coordinates as points.
func points(_ values: some RandomAccessCollection<Double>) -> [SIMD3<Double>] {
  let values = Array(values)
  return stride(from: 0, to: values.count, by: 3).map { SIMD3(values[$0], values[$0 + 1], values[$0 + 2]) }
}

/// Joints relative to the first, without it, as coordinates.
func relativeCoordinates(_ joints: [SIMD3<Double>]) -> [Double] {
  joints.dropFirst().flatMap { joint in
    let p = joint - joints[0]
    return [p.x, p.y, p.z]
  }
}
