import Foundation
import Geometry

/// From which side something is looked at.
public struct Viewpoint: Equatable, Sendable {
  /// The unit direction from the subject to the viewer.
  public var from: SIMD3<Double>
  /// The unit direction that is up for the subject.
  public var up: SIMD3<Double>

  /// - Precondition: The directions are not parallel, and neither is zero.
  public init(from: SIMD3<Double>, up: SIMD3<Double>) {
    precondition(norm(cross(from, up)) > 0, "Viewpoint: \(from) and \(up) span no plane")
    self.from = from / norm(from)
    self.up = up / norm(up)
  }

  /// The front of a body that stands along z and faces -y.
  public static let bodyFront = Viewpoint(from: [0, -1, 0], up: [0, 0, 1])

  /// What the camera sees of a body in camera coordinates: x right, y down, z away.
  public static let camera = Viewpoint(from: [0, 0, -1], up: [0, -1, 0])

  /// The viewer walks around the subject, to the subject's left for positive angles.
  public func turned(byDegrees degrees: Double) -> Viewpoint {
    Viewpoint(from: Self.turn(from, around: up, degrees), up: up)
  }

  /// The viewer rises above the subject and looks down on it.
  public func raised(byDegrees degrees: Double) -> Viewpoint {
    Viewpoint(from: Self.turn(from, around: cross(from, up), degrees), up: up)
  }

  /// Rodrigues' rotation of a vector.
  private static func turn(_ vector: SIMD3<Double>, around axis: SIMD3<Double>, _ degrees: Double) -> SIMD3<Double> {
    let k = axis / norm(axis)
    let angle = degrees * .pi / 180
    return vector * cos(angle) + cross(k, vector) * sin(angle) + k * dot(k, vector) * (1 - cos(angle))
  }
}
