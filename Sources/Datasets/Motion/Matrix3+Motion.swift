import Foundation
import Geometry

extension Matrix3 {
  /// Rotation about coordinate axis 0, 1 or 2 (x, y, z).
  init(axis: Int, radians: Double) {
    var vector = SIMD3<Double>()
    vector[axis] = radians
    self.init(axisAngle: vector)
  }

  /// The smallest rotation that takes the direction of `a` to the direction of `b`.
  ///
  /// - Precondition: both have length and they are not opposite, where the axis would be arbitrary.
  init(from a: SIMD3<Double>, to b: SIMD3<Double>) {
    let axis = cross(a, b)
    let sine = norm(axis)
    let cosine = dot(a, b)
    precondition(sine > 1e-9 * norm(a) * norm(b) || cosine > 0, "smallest rotation: the directions are opposite")
    self.init(axisAngle: sine == 0 ? .zero : axis / sine * atan2(sine, cosine))
  }

  /// The part of this rotation that turns about a coordinate axis, in radians: what is left after taking it off
  /// (`Matrix3(axis:radians: -twist) * self`) turns about an axis at right angles to it.
  func twist(about axis: Int) -> Double {
    let vector = axisAngle
    let angle = norm(vector)
    return angle == 0 ? 0 : 2 * atan2(vector[axis] / angle * sin(angle / 2), cos(angle / 2))
  }
}
