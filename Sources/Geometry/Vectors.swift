/// The inner product of two vectors.
@inlinable public func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double {
  let product = a * b
  return product.x + product.y + product.z
}

/// The vector product: at right angles to both, right-handed, as long as the area that they span.
@inlinable public func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
  SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}

/// Euclidean length.
@inlinable public func norm(_ a: SIMD3<Double>) -> Double { dot(a, a).squareRoot() }

/// The mean of at least one point.
public func centroid(_ points: [SIMD3<Double>]) -> SIMD3<Double> {
  precondition(!points.isEmpty, "centroid: no points")
  return points.reduce(.zero, +) / Double(points.count)
}
