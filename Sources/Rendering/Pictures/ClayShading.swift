import Foundation
import Geometry

/// The light in which bodies are shown: a warm key light from the upper left, a cool fill from the right, a sky, and
/// creases darkened by what stands around them.
///
/// All vectors are in camera coordinates (x right, y down, z away), all colours are linear light.
struct ClayShading {
  private static let key = unit([-0.55, -0.75, -0.70])
  private static let keyColor = SIMD3<Float>(1.00, 0.95, 0.88) * 0.98
  private static let fill = unit([0.90, -0.15, -0.40])
  private static let fillColor = SIMD3<Float>(0.80, 0.90, 1.00) * 0.15
  private static let skyColor = SIMD3<Float>(0.92, 0.96, 1.00) * 0.32
  private static let groundColor = SIMD3<Float>(1.00, 0.93, 0.86) * 0.13

  /// Per pixel where the surface is, and which way it faces; meaningless where there is none.
  private let positions: [SIMD3<Float>]
  private let normals: [SIMD3<Float>]
  private let albedo: [SIMD3<Float>]
  private let fragments: Fragments
  private let focalLength: Float
  private let isPerspective: Bool
  /// How far away surfaces shade each other, in units of the mesh.
  private let reach: Float

  init(_ surface: Surface, _ fragments: Fragments, in view: View) {
    let rotation = view.camera.rotation
    let normalOfVertex = surface.mesh.vertexNormals.map { SIMD3<Float>(rotation * $0) }
    let colorOfVertex = surface.colors.map { SIMD3<Float>($0.linear) }
    let placeOfVertex = surface.mesh.vertices.map { SIMD3<Float>(view.camera.toCamera($0)) }
    let count = fragments.face.count
    var positions = [SIMD3<Float>](repeating: .zero, count: count)
    var normals = positions
    var albedo = positions
    for pixel in 0..<count where fragments.face[pixel] >= 0 {
      let face = surface.mesh.faces[Int(fragments.face[pixel])]
      let w = fragments.weights[pixel]
      func blend(_ values: [SIMD3<Float>]) -> SIMD3<Float> {
        let (a, b, c) = (values[Int(face.x)], values[Int(face.y)], values[Int(face.z)])
        return a + (b - a) * w.x + (c - a) * w.y
      }
      let place = blend(placeOfVertex)
      let toViewer = view.projection == .perspective ? -unit(place) : SIMD3(0, 0, -1)
      let corner = placeOfVertex[Int(face.x)]
      let across = cross(placeOfVertex[Int(face.y)] - corner, placeOfVertex[Int(face.z)] - corner)
      // Seen from inside, a surface is lit as if its inside were painted.
      let side: Float = dot(across, toViewer) < 0 ? -1 : 1
      positions[pixel] = place
      normals[pixel] = unit(blend(normalOfVertex)) * side
      albedo[pixel] = blend(colorOfVertex)
    }
    self.positions = positions
    self.normals = normals
    self.albedo = albedo
    self.fragments = fragments
    focalLength = Float(view.camera.focalLength.x)
    isPerspective = view.projection == .perspective
    let middle = placeOfVertex.reduce(.zero, +) / Float(max(1, placeOfVertex.count))
    reach = 0.16 * (placeOfVertex.map { dot($0 - middle, $0 - middle) }.max() ?? 0).squareRoot()
  }

  /// The light that one pixel sends to the viewer.
  func color(at pixel: Int) -> SIMD3<Float> {
    let normal = normals[pixel]
    let toViewer = isPerspective ? -unit(positions[pixel]) : SIMD3(0, 0, -1)
    let openness = self.openness(at: pixel)

    // Light that wraps around the edge of shadow makes skin and clay look soft.
    let keyLight = Self.keyColor * max(0, (dot(normal, Self.key) + 0.15) / 1.15) * (0.45 + 0.55 * openness)
    let fillLight = Self.fillColor * max(0, (dot(normal, Self.fill) + 0.4) / 1.4)
    let height = 0.5 - 0.5 * normal.y
    let ambient = (Self.groundColor + (Self.skyColor - Self.groundColor) * height) * openness
    let diffuse = albedo[pixel] * (keyLight + fillLight + ambient)

    let half = unit(Self.key + toViewer)
    let gloss = max(0, dot(normal, half))
    let gloss4 = gloss * gloss * gloss * gloss
    let highlight = 0.05 * gloss4 * gloss4 * gloss4 * openness
    let grazing = 1 - max(0, dot(normal, toViewer))
    let rim = 0.10 * grazing * grazing * grazing * height
    return diffuse + SIMD3(repeating: highlight + rim)
  }

  /// The share of the surroundings that is open, from 0 to 1: screen-space obscurance, after McGuire, Mara and
  /// Luebke, "Scalable Ambient Obscurance", 2012.
  private func openness(at pixel: Int) -> Float {
    let (width, height) = (fragments.width, fragments.height)
    let (x, y) = (pixel % width, pixel / width)
    let (place, normal) = (positions[pixel], normals[pixel])
    let radius = reach * focalLength / (isPerspective ? place.z : 1)
    // Each pixel looks in its own directions; the average over a few neighbours sees them all.
    let seed = 0.067_110_56 * Float(x) + 0.005_837_15 * Float(y)
    let noise = 52.982_918_9 * (seed - seed.rounded(.down))
    let start = Int((noise - noise.rounded(.down)) * Float(Self.directions.count))
    let taps = 12
    var obscurance: Float = 0
    for tap in 0..<taps {
      let distance = radius * (Float(tap) + 0.5) / Float(taps)
      let direction = Self.directions[(start + tap * 25) % Self.directions.count]
      let (u, v) = (x + Int(direction.x * distance), y + Int(direction.y * distance))
      guard u >= 0, v >= 0, u < width, v < height else { continue }
      let other = v * width + u
      guard fragments.face[other] >= 0 else { continue }
      let offset = positions[other] - place
      let squared = dot(offset, offset)
      let falloff = max(0, 1 - squared / (reach * reach))
      let rise = dot(offset, normal) - 0.02 * reach
      obscurance += falloff * falloff * max(0, rise) / (squared + 1e-3 * reach * reach)
    }
    return max(0, 1 - 2.2 * reach * obscurance / Float(taps))
  }

  /// 64 unit vectors around the circle.
  private static let directions: [SIMD2<Float>] = (0..<64).map {
    let angle = Double($0) / 64 * 2 * .pi
    return SIMD2(Float(cos(angle)), Float(sin(angle)))
  }
}
