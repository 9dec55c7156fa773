import Geometry

/// How points of the world land on a picture.
public struct View: Equatable, Sendable {
  public enum Projection: Sendable {
    /// As the camera says.
    case perspective
    /// Without foreshortening: the camera's focal length is in pixels per unit of length.
    case orthographic
  }

  public var camera: Camera
  public var projection: Projection

  public init(_ camera: Camera, projection: Projection = .perspective) {
    self.camera = camera
    self.projection = projection
  }

  /// The view that shows all points as large as the picture allows, in its middle.
  ///
  /// - Parameters:
  ///   - points: At least two different ones.
  ///   - imageSize: Width and height in pixels.
  ///   - margin: The share of the picture that stays free at each border.
  public init(
    framing points: [SIMD3<Double>], from viewpoint: Viewpoint, imageSize: SIMD2<Int>,
    projection: Projection = .perspective, margin: Double = 0.06
  ) {
    precondition(points.count > 1, "View: nothing to frame")
    let middle = points.reduce(.zero, +) / Double(points.count)
    let radius = points.map { norm($0 - middle) }.max() ?? 1
    // Six radii away, a body looks like a portrait taken with a long lens.
    var camera = Camera(
      at: middle + viewpoint.from * 6 * radius, lookingAt: middle, up: viewpoint.up, focalLength: 1,
      imageSize: imageSize)
    camera.centre = .zero
    let view = View(camera, projection: projection)
    var low = SIMD2(repeating: Double.infinity)
    var high = -low
    for point in points {
      let place = view.project(point)
      low = pointwiseMin(low, SIMD2(place.x, place.y))
      high = pointwiseMax(high, SIMD2(place.x, place.y))
    }
    let size = SIMD2(Double(imageSize.x), Double(imageSize.y))
    let scale = (size * (1 - 2 * margin) / pointwiseMax(high - low, SIMD2(repeating: 1e-12))).min()
    camera.focalLength = SIMD2(repeating: scale)
    camera.centre = size / 2 - scale * (low + high) / 2
    self.init(camera, projection: projection)
  }

  /// The same view on a picture with `factor` times as many pixels on each side.
  func magnified(_ factor: Int) -> View {
    var view = self
    view.camera.focalLength *= Double(factor)
    view.camera.centre *= Double(factor)
    view.camera.imageSize = SIMD2(camera.imageSize.x * factor, camera.imageSize.y * factor)
    return view
  }

  /// Pixel column and row of a point, and its depth in front of the camera.
  public func project(_ point: SIMD3<Double>) -> SIMD3<Double> {
    let place = camera.toCamera(point)
    let pixel =
      switch projection {
      case .perspective: camera.project(place)
      case .orthographic: camera.focalLength * SIMD2(place.x, place.y) + camera.centre
      }
    return SIMD3(pixel.x, pixel.y, place.z)
  }

  /// The ray through a place on the picture, in camera coordinates.
  func ray(through pixel: SIMD2<Double>) -> (origin: SIMD3<Double>, direction: SIMD3<Double>) {
    let offset = (pixel - camera.centre) / camera.focalLength
    return switch projection {
    case .perspective: (.zero, SIMD3(offset.x, offset.y, 1))
    case .orthographic: (SIMD3(offset.x, offset.y, 0), SIMD3(0, 0, 1))
    }
  }
}
