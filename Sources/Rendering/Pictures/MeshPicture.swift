import FileFormats
import Geometry

/// Pictures of meshes, one or several side by side, all seen from the same place at the same scale.
///
/// Clay on a light ground, smooth normals, anti-aliased by supersampling.
public struct MeshPicture: Sendable {
  public var viewpoint: Viewpoint
  /// Width and height of one panel in pixels.
  public var panelSize: SIMD2<Int>
  public var projection: View.Projection
  /// Each pixel is the mean of the square of this number of samples.
  public var samplesPerSide: Int

  /// - Parameter viewpoint: From where the meshes are seen; a little from above shows the floor and its shadow.
  public init(
    from viewpoint: Viewpoint = .bodyFront.turned(byDegrees: 25).raised(byDegrees: 8),
    panelSize: SIMD2<Int> = SIMD2(320, 480), projection: View.Projection = .perspective, samplesPerSide: Int = 3
  ) {
    self.viewpoint = viewpoint
    self.panelSize = panelSize
    self.projection = projection
    self.samplesPerSide = samplesPerSide
  }

  /// A picture of one mesh.
  public func image(of mesh: TriangleMesh, color: Color = .clay) -> Image { image(of: [[Surface(mesh, color: color)]]) }

  /// A picture of several panels, from left to right; each shows its surfaces together.
  ///
  /// The meshes of all panels share one coordinate system, so what is displaced looks displaced.
  public func image(of panels: [[Surface]]) -> Image {
    let surfaces = panels.map { Surface(joining: $0) }
    let view = View(
      framing: surfaces.flatMap(\.mesh.vertices), from: viewpoint, imageSize: panelSize, projection: projection)
    let images = surfaces.map { image(of: $0, in: view) }
    return Image(joiningFromLeft: images)
  }

  /// A picture of one surface through a given camera.
  public func image(of surface: Surface, in view: View) -> Image {
    let fine = view.magnified(samplesPerSide)
    let fragments = Fragments(of: surface.mesh, in: fine)
    let shading = ClayShading(surface, fragments, in: fine)
    let backdrop = Backdrop(FloorShadow(of: surface.mesh, up: viewpoint.up), in: view)
    let (width, height) = (view.camera.imageSize.x, view.camera.imageSize.y)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * width * height)
    for y in 0..<height {
      for x in 0..<width {
        let samples = self.samples(x, y, fragments)
        var light = SIMD3<Float>.zero
        for sample in samples.lit { light += shading.color(at: sample) }
        if samples.open > 0 { light += backdrop.color(SIMD2(Double(x) + 0.5, Double(y) + 0.5)) * Float(samples.open) }
        let color = Color(linear: SIMD3<Double>(light) / Double(samples.lit.count + samples.open)).bytes
        pixels += [color.x, color.y, color.z]
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }

  /// The samples of a pixel that see a face and are to be lit, and how many see none.
  ///
  /// Light varies little over one pixel of a smooth surface: there, the samples of the diagonal stand for all.
  private func samples(_ x: Int, _ y: Int, _ fragments: Fragments) -> (lit: [Int], open: Int) {
    let corner = y * samplesPerSide * fragments.width + x * samplesPerSide
    var lit: [Int] = []
    var (nearest, farthest) = (-Float.infinity, Float.infinity)
    for row in 0..<samplesPerSide {
      for column in 0..<samplesPerSide {
        let sample = corner + row * fragments.width + column
        guard fragments.face[sample] >= 0 else { continue }
        lit.append(sample)
        nearest = max(nearest, fragments.nearness[sample])
        farthest = min(farthest, fragments.nearness[sample])
      }
    }
    let open = samplesPerSide * samplesPerSide - lit.count
    guard open == 0, nearest - farthest < 0.003 * abs(nearest) else { return (lit, open) }
    return ((0..<samplesPerSide).map { corner + $0 * (fragments.width + 1) }, 0)
  }
}

/// A light studio wall and floor without a visible edge, and the shadow on the floor.
private struct Backdrop {
  private static let top = SIMD3<Float>(Color(hex: 0xF7F6F3).linear)
  private static let bottom = SIMD3<Float>(Color(hex: 0xE3DFD8).linear)

  let shadow: FloorShadow
  let view: View

  init(_ shadow: FloorShadow, in view: View) {
    self.shadow = shadow
    self.view = view
  }

  func color(_ pixel: SIMD2<Double>) -> SIMD3<Float> {
    let t = Float(pixel.y / Double(view.camera.imageSize.y))
    let wall = Self.top + (Self.bottom - Self.top) * (t * t)
    let (origin, direction) = view.ray(through: pixel)
    let toWorld = view.camera.rotation.transposed
    let start = toWorld * (origin - view.camera.translation)
    let along = toWorld * direction
    let descent = dot(along, shadow.up)
    guard descent < 0 else { return wall }
    let hit = start + along * (dot(shadow.floor - start, shadow.up) / descent)
    return wall * (1 - 0.7 * shadow.darkness(at: hit))
  }
}

extension Image {
  /// Pictures of one height, side by side.
  init(joiningFromLeft images: [Image]) {
    let height = images[0].height
    precondition(images.allSatisfy { $0.height == height && $0.format == .rgb }, "Image: pictures of unequal height")
    var pixels: [UInt8] = []
    for row in 0..<height {
      for image in images { pixels += image.pixels[row * image.width * 3..<(row + 1) * image.width * 3] }
    }
    self.init(width: images.reduce(0) { $0 + $1.width }, height: height, pixels: pixels)
  }
}
