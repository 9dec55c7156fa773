import Geometry
import RasterShim

/// A posed person in front of a camera: surface, light, and where everything lands on the camera's picture.
struct SceneFigure {
  /// `[vertices, 3]`: pixels of the camera's picture, and depth in metres.
  let corners: [Float]
  /// `[vertices, 3]`: the colours as they appear.
  let shades: [Float]

  /// - Parameters:
  ///   - surface: `[vertices, 3]`: in the body's axes, metres.
  ///   - faces: `[faces, 3]`, flat.
  ///   - albedo: `[vertices, 3]`
  init(
    surface: [Float], faces: [Int32], albedo: [Float], moment: SceneTake.Moment, camera: Camera, light: SceneLight,
    towards direction: SIMD3<Double>
  ) {
    let vertices = Int64(surface.count / 3)
    var normals = [Float](repeating: 0, count: surface.count)
    raster_normals(surface, vertices, faces, Int64(faces.count / 3), &normals)
    // The light is turned into the body's axes, so that normals need not be turned out of them.
    let local = SIMD3<Float>(moment.rotation.transposed * direction)
    var shades = normals
    raster_shade(
      normals, albedo, vertices, [local.x, local.y, local.z], Self.list(light.direct), Self.list(light.ambient),
      &shades)
    self.shades = shades
    corners = Self.projected(surface, moment: moment, camera: camera)
  }

  /// `[points, 3]`: pixels of the camera's picture, and depth, of points in the body's axes.
  static func projected(_ points: [Float], moment: SceneTake.Moment, camera: Camera) -> [Float] {
    let rotation = camera.rotation * moment.rotation
    let translation = camera.rotation * moment.translation + camera.translation
    let k = camera.intrinsics
    let (m, t) = (k * rotation, k * translation)
    var corners = points
    let matrix = (0..<3).flatMap { row in
      [Float(m.x[row]), Float(m.y[row]), Float(m.z[row]), Float(t[row])]
    }
    raster_project(points, Int64(points.count / 3), matrix, &corners)
    return corners
  }

  /// The box of all corners on the camera's picture.
  static func box(of corners: [Float]) -> (low: SIMD2<Double>, high: SIMD2<Double>) {
    var low = SIMD2<Float>(repeating: .infinity)
    var high = -low
    corners.withUnsafeBufferPointer { corners in
      for k in stride(from: 0, to: corners.count, by: 3) {
        let place = SIMD2(corners[k], corners[k + 1])
        low = pointwiseMin(low, place)
        high = pointwiseMax(high, place)
      }
    }
    return (SIMD2<Double>(low), SIMD2<Double>(high))
  }

  /// The corners on a cut-out.
  static func cropped(_ corners: [Float], to crop: PersonCrop) -> [Float] {
    let matrix = crop.matrix
    let x = SIMD2<Float>(Float(matrix.x.x), Float(matrix.x.y))
    let y = SIMD2<Float>(Float(matrix.y.x), Float(matrix.y.y))
    let shift = SIMD2<Float>(Float(matrix.z.x), Float(matrix.z.y))
    var result = corners
    result.withUnsafeMutableBufferPointer { result in
      for k in stride(from: 0, to: result.count, by: 3) {
        let place = x * result[k] + y * result[k + 1] + shift
        result[k] = place.x
        result[k + 1] = place.y
      }
    }
    return result
  }

  private static func list(_ v: SIMD3<Float>) -> [Float] { [v.x, v.y, v.z] }
}
