/// The smallest box in space, along the axes, that holds all of some points.
public struct SpatialBox: Sendable, Equatable {
  public let low, high: SIMD3<Double>

  /// - Precondition: at least one point.
  public init(_ points: some Collection<SIMD3<Double>>) {
    guard let first = points.first else { preconditionFailure("SpatialBox: no points") }
    low = points.reduce(first) { pointwiseMin($0, $1) }
    high = points.reduce(first) { pointwiseMax($0, $1) }
  }

  public var midpoint: SIMD3<Double> { (low + high) / 2 }

  /// Lengths of the sides.
  public var extent: SIMD3<Double> { high - low }
}

/// The points moved so that the middle of their box is the origin: how pose transfer places every mesh
/// (MAPConNet, released code).
public func centredByBox(_ points: [SIMD3<Double>]) -> [SIMD3<Double>] {
  let midpoint = SpatialBox(points).midpoint
  return points.map { $0 - midpoint }
}
