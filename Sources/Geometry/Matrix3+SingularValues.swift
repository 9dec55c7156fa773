extension Matrix3 {
  /// The singular value decomposition `M = U diag(S) V^T`.
  public struct SingularValues: Sendable {
    /// Orthogonal; the determinant may be -1.
    public var u: Matrix3
    /// Not negative, descending.
    public var s: SIMD3<Double>
    /// Orthogonal; the determinant may be -1.
    public var v: Matrix3
  }

  /// Decomposes by one-sided Jacobi rotations, which find small singular values to full relative accuracy
  /// (Hestenes, "Inversion of matrices by biorthogonalization and related results", 1958).
  ///
  /// Columns of U that belong to vanishing singular values are completed to an orthonormal basis.
  public var singularValues: SingularValues {
    var a = [x, y, z]
    var v = [SIMD3(1.0, 0, 0), SIMD3(0.0, 1, 0), SIMD3(0.0, 0, 1)]
    for _ in 0..<30 {
      var hasRotated = false
      for (i, j) in [(0, 1), (0, 2), (1, 2)] where rotateToOrthogonal(&a, &v, i, j) { hasRotated = true }
      if !hasRotated { break }
    }
    let order = [0, 1, 2].sorted { norm(a[$0]) > norm(a[$1]) }
    a = order.map { a[$0] }
    v = order.map { v[$0] }
    let s = SIMD3(norm(a[0]), norm(a[1]), norm(a[2]))
    return SingularValues(u: orthonormalBasis(along: a, lengths: s), s: s, v: Matrix3(columns: v[0], v[1], v[2]))
  }
}

/// Turns columns i and j of `a` until they are orthogonal, and `v` along with them.
///
/// - Returns: whether there was anything left to turn.
private func rotateToOrthogonal(_ a: inout [SIMD3<Double>], _ v: inout [SIMD3<Double>], _ i: Int, _ j: Int) -> Bool {
  let alpha = dot(a[i], a[i])
  let beta = dot(a[j], a[j])
  let gamma = dot(a[i], a[j])
  guard abs(gamma) > 1e-16 * (alpha * beta).squareRoot(), gamma != 0 else { return false }
  let zeta = (beta - alpha) / (2 * gamma)
  let tangent = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
  let cosine = 1 / (1 + tangent * tangent).squareRoot()
  let sine = cosine * tangent
  (a[i], a[j]) = (a[i] * cosine - a[j] * sine, a[i] * sine + a[j] * cosine)
  (v[i], v[j]) = (v[i] * cosine - v[j] * sine, v[i] * sine + v[j] * cosine)
  return true
}

/// Normalises orthogonal columns in descending length; directions that are lost in rounding are made up.
private func orthonormalBasis(along a: [SIMD3<Double>], lengths: SIMD3<Double>) -> Matrix3 {
  let negligible = lengths.x * 1e-15
  let first = lengths.x > 0 ? a[0] / lengths.x : SIMD3(1, 0, 0)
  var second = a[1] / lengths.y
  if !(lengths.y > negligible) {
    let smallest = [0, 1, 2].min { abs(first[$0]) < abs(first[$1]) }!
    var axis = SIMD3<Double>.zero
    axis[smallest] = 1
    let across = cross(first, axis)
    second = across / norm(across)
  }
  let third = cross(first, second)
  // The sign of the third column follows the data where there is any.
  return Matrix3(columns: first, second, lengths.z > negligible && dot(third, a[2]) < 0 ? -third : third)
}
