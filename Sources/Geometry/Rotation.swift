import Foundation

extension Matrix3 {
  /// The rotation by `|axisAngle|` radians about `axisAngle`, right-handed (Rodrigues' formula).
  public init(axisAngle: SIMD3<Double>) {
    let angle = norm(axisAngle)
    // sin(t)/t and (1 - cos(t))/t^2 = 2 (sin(t/2)/t)^2, by their limits where t is too small to divide by.
    let half = sin(angle / 2) / (angle > 1e-150 ? angle : 1)
    let first = angle > 1e-150 ? sin(angle) / angle : 1
    let second = angle > 1e-150 ? 2 * half * half : 0.5
    let k = Matrix3(crossProductWith: axisAngle)
    self = .identity + k * first + k * k * second
  }

  /// The rotation by `radians` about a unit axis, right-handed.
  public init(radians: Double, about axis: SIMD3<Double>) { self.init(axisAngle: axis * radians) }

  /// The matrix K with `K v = cross(a, v)`.
  public init(crossProductWith a: SIMD3<Double>) {
    self.init(rows: SIMD3(0, -a.z, a.y), SIMD3(a.z, 0, -a.x), SIMD3(-a.y, a.x, 0))
  }

  /// The axis times the angle, in radians from 0 to pi, of a rotation matrix.
  public var axisAngle: SIMD3<Double> {
    // Through the unit quaternion, whose largest component is always safe to divide by.
    let squares = SIMD4(
      1 + x.x + y.y + z.z, 1 + x.x - y.y - z.z, 1 - x.x + y.y - z.z, 1 - x.x - y.y + z.z)
    var q: SIMD4<Double>  // w, x, y, z, not yet of unit length
    switch [0, 1, 2, 3].max(by: { squares[$0] < squares[$1] })! {
    case 0: q = SIMD4(squares[0], y.z - z.y, z.x - x.z, x.y - y.x)
    case 1: q = SIMD4(y.z - z.y, squares[1], x.y + y.x, z.x + x.z)
    case 2: q = SIMD4(z.x - x.z, x.y + y.x, squares[2], y.z + z.y)
    default: q = SIMD4(x.y - y.x, z.x + x.z, y.z + z.y, squares[3])
    }
    if q[0] < 0 { q = -q }
    let axis = SIMD3(q[1], q[2], q[3])
    let length = norm(axis)
    // For tiny angles the ratio angle / sin(angle / 2) is 2.
    return length == 0 ? .zero : axis * (2 * atan2(length, q[0]) / length)
  }

  /// The rotation of a camera that looks along `direction`: rows are its right, down and forward axes in the world.
  ///
  /// `direction` must not be parallel to `up`; neither needs unit length.
  public init(lookingAlong direction: SIMD3<Double>, up: SIMD3<Double>) {
    let forward = direction / norm(direction)
    let across = cross(forward, up)
    precondition(norm(across) > 1e-9 * norm(up), "look-at: the viewing direction is parallel to up")
    let right = across / norm(across)
    self.init(rows: right, cross(forward, right), forward)
  }
}
