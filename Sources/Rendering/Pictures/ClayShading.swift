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

  private let faces: [SIMD3<Int32>]
  /// Per vertex.
  private let places: [SIMD3<Float>]
  private let normals: [SIMD3<Float>]
  private let albedo: [SIMD3<Float>]
  private let fragments: Fragments
  /// Per pixel where the surface is; zero where there is none.
  private let positions: [SIMD3<Float>]
  private let focalLength: Float
  private let isPerspective: Bool
  /// How far away surfaces shade each other, in units of the mesh.
  private let reach: Float

  init(_ surface: Surface, _ fragments: Fragments, in view: View) {
    let faces = surface.mesh.faces
    let places = surface.mesh.vertices.map { SIMD3<Float>(view.camera.toCamera($0)) }
    self.faces = faces
    self.places = places
    normals = surface.mesh.vertexNormals.map { SIMD3<Float>(view.camera.rotation * $0) }
    albedo = surface.colors.map { SIMD3<Float>($0.linear) }
    self.fragments = fragments
    positions = fragments.face.indices.map { pixel in
      let face = fragments.face[pixel]
      return face < 0 ? .zero : Self.blend(places, faces[Int(face)], fragments.weights[pixel])
    }
    focalLength = Float(view.camera.focalLength.x)
    isPerspective = view.projection == .perspective
    let middle = places.reduce(.zero, +) / Float(max(1, places.count))
    reach = 0.16 * (places.map { dot($0 - middle, $0 - middle) }.max() ?? 0).squareRoot()
  }

  /// The value of a vertex property at a point of a face.
  private static func blend(_ values: [SIMD3<Float>], _ face: SIMD3<Int32>, _ weights: SIMD2<Float>) -> SIMD3<Float> {
    let (a, b, c) = (values[Int(face.x)], values[Int(face.y)], values[Int(face.z)])
    return a + (b - a) * weights.x + (c - a) * weights.y
  }

  /// The light that one pixel sends to the viewer; it must see a face.
  func color(at pixel: Int) -> SIMD3<Float> {
    let face = faces[Int(fragments.face[pixel])]
    let weights = fragments.weights[pixel]
    let toViewer = isPerspective ? -unit(positions[pixel]) : SIMD3(0, 0, -1)
    let corner = places[Int(face.x)]
    let across = cross(places[Int(face.y)] - corner, places[Int(face.z)] - corner)
    // Seen from inside, a surface is lit as if its inside were painted.
    let side: Float = dot(across, toViewer) < 0 ? -1 : 1
    let normal = unit(Self.blend(normals, face, weights)) * side
    let openness = self.openness(at: pixel, facing: normal)

    // Light that wraps around the edge of shadow makes skin and clay look soft.
    let keyLight = Self.keyColor * max(0, (dot(normal, Self.key) + 0.15) / 1.15) * (0.45 + 0.55 * openness)
    let fillLight = Self.fillColor * max(0, (dot(normal, Self.fill) + 0.4) / 1.4)
    let height = 0.5 - 0.5 * normal.y
    let ambient = (Self.groundColor + (Self.skyColor - Self.groundColor) * height) * openness
    let diffuse = Self.blend(albedo, face, weights) * (keyLight + fillLight + ambient)

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
  private func openness(at pixel: Int, facing normal: SIMD3<Float>) -> Float {
    let (width, height) = (fragments.width, fragments.height)
    let (x, y) = (pixel % width, pixel / width)
    let place = positions[pixel]
    let radius = reach * focalLength / (isPerspective ? place.z : 1)
    var obscurance: Float = 0
    var taps = 0
    // Neighbours share the work: three columns together look at all places of the spiral.
    for tap in stride(from: x % 3, to: Self.spiral.count, by: 3) {
      taps += 1
      let step = Self.spiral[tap] * radius
      let (u, v) = (x + Int(step.x), y + Int(step.y))
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

  /// Places in the unit circle, evenly spread over directions and distances.
  private static let spiral: [SIMD2<Float>] = (0..<42).map {
    // The golden angle puts each place into the largest gap of those before it.
    let angle = Double($0) * 2.399_963_229_728_653
    let distance = (Double($0) + 0.5) / 42
    return SIMD2(Float(distance * cos(angle)), Float(distance * sin(angle)))
  }
}
