import Foundation
import Geometry

/// The soft shadow that a mesh throws straight down on the floor under its lowest point.
///
/// It is a picture taken from below: what hangs lower darkens its place more, and the whole is blurred.
struct FloorShadow {
  private static let size = 160
  /// Per cell of the floor the share of light that is taken, from 0 to 1.
  private var darkness: [Float]
  private let below: View
  /// A point of the floor, and the direction away from it.
  let floor: SIMD3<Double>
  let up: SIMD3<Double>

  init(of mesh: TriangleMesh, up: SIMD3<Double>) {
    self.up = up
    let heights = mesh.vertices.map { dot($0, up) }
    let (lowest, highest) = (heights.min() ?? 0, heights.max() ?? 0)
    floor = up * lowest
    let forward = abs(up.z) < 0.9 ? SIMD3(0.0, 0, 1) : SIMD3(0.0, 1, 0)
    below = View(
      framing: mesh.vertices, from: Viewpoint(from: -up, up: forward), imageSize: SIMD2(Self.size, Self.size),
      projection: .orthographic, margin: 0.25)
    darkness = [Float](repeating: 0, count: Self.size * Self.size)
    let fragments = Fragments(of: mesh, in: below)
    let nearest = dot(below.camera.position, up)
    let softness = 0.35 * (highest - lowest)
    for cell in darkness.indices where fragments.face[cell] >= 0 {
      let height = nearest + Double(fragments.depth(at: cell, .orthographic)) - lowest
      darkness[cell] = Float(exp(-height / softness))
    }
    // Three box blurs come close to a Gaussian.
    for _ in 0..<3 {
      blur(alongRows: true)
      blur(alongRows: false)
    }
  }

  /// The share of light that is taken from a point of the floor.
  func darkness(at point: SIMD3<Double>) -> Float {
    let place = below.project(point)
    let (x, y) = (place.x - 0.5, place.y - 0.5)
    let last = Double(Self.size - 1)
    guard x >= 0, y >= 0, x < last, y < last else { return 0 }
    let cell = Int(y) * Self.size + Int(x)
    let (u, v) = (Float(x - x.rounded(.down)), Float(y - y.rounded(.down)))
    let top = darkness[cell] * (1 - u) + darkness[cell + 1] * u
    let bottom = darkness[cell + Self.size] * (1 - u) + darkness[cell + Self.size + 1] * u
    return top * (1 - v) + bottom * v
  }

  private mutating func blur(alongRows: Bool) {
    let radius = 5
    let (step, stride) = alongRows ? (1, Self.size) : (Self.size, 1)
    for line in 0..<Self.size {
      let values = (0..<Self.size).map { darkness[line * stride + $0 * step] }
      for i in 0..<Self.size {
        let window = values[max(0, i - radius)...min(Self.size - 1, i + radius)]
        darkness[line * stride + i * step] = window.reduce(0, +) / Float(2 * radius + 1)
      }
    }
  }
}
