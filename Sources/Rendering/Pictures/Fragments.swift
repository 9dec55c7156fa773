import Geometry

/// Which point of which triangle each pixel of a picture sees: the result of rasterisation with a depth buffer.
struct Fragments {
  let width: Int
  let height: Int
  /// Per pixel the face, or -1 for none; rows from the top.
  private(set) var face: [Int32]
  /// Per pixel the weights of the face's second and third corner; the first has the rest.
  private(set) var weights: [SIMD2<Float>]
  /// Per pixel a number that grows as the surface comes nearer: 1 / depth, or -depth in orthographic views.
  private(set) var nearness: [Float]

  /// How far outside a triangle, as a share of its height, a point counts as on its edge: without it, rounding
  /// would leave holes along edges that run through pixel middles.
  private static let edgeTolerance = 1e-9

  /// Draws the faces of a mesh; a pixel belongs to a face when its middle lies in it or on its edge.
  ///
  /// Faces that reach behind the camera are left out.
  init(of mesh: TriangleMesh, in view: View) {
    width = view.camera.imageSize.x
    height = view.camera.imageSize.y
    face = [Int32](repeating: -1, count: width * height)
    weights = [SIMD2<Float>](repeating: .zero, count: width * height)
    nearness = [Float](repeating: -.infinity, count: width * height)
    let places = mesh.vertices.map(view.project)
    for (index, corners) in mesh.faces.enumerated() {
      let a = places[Int(corners.x)]
      let b = places[Int(corners.y)]
      let c = places[Int(corners.z)]
      if view.projection == .perspective, min(a.z, b.z, c.z) <= 0 { continue }
      draw(Int32(index), a, b, c, view.projection)
    }
  }

  private mutating func draw(
    _ index: Int32, _ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>, _ projection: View.Projection
  ) {
    let (ab, ac) = (b - a, c - a)
    let area = ab.x * ac.y - ab.y * ac.x
    guard area != 0, area.isFinite else { return }
    // Pixel i has its middle at i + 1/2.
    let left = max(0, Int((min(a.x, b.x, c.x) - 0.5).rounded(.up).clamped(to: 0...Double(width))))
    let right = min(width - 1, Int((max(a.x, b.x, c.x) - 0.5).rounded(.down).clamped(to: -1...Double(width))))
    let top = max(0, Int((min(a.y, b.y, c.y) - 0.5).rounded(.up).clamped(to: 0...Double(height))))
    let bottom = min(height - 1, Int((max(a.y, b.y, c.y) - 0.5).rounded(.down).clamped(to: -1...Double(height))))
    guard left <= right, top <= bottom else { return }
    // Both the inverse depth of a perspective view and the depth of an orthographic one are linear on the picture.
    let isPerspective = projection == .perspective
    let near = isPerspective ? SIMD3(1 / a.z, 1 / b.z, 1 / c.z) : SIMD3(-a.z, -b.z, -c.z)

    for y in top...bottom {
      let dy = Double(y) + 0.5 - a.y
      for x in left...right {
        let dx = Double(x) + 0.5 - a.x
        let wb = (dx * ac.y - dy * ac.x) / area
        let wc = (ab.x * dy - ab.y * dx) / area
        let wa = 1 - wb - wc
        guard min(wa, wb, wc) >= -Self.edgeTolerance else { continue }
        let closeness = wa * near.x + wb * near.y + wc * near.z
        let pixel = y * width + x
        guard Float(closeness) > nearness[pixel] else { continue }
        nearness[pixel] = Float(closeness)
        face[pixel] = index
        weights[pixel] =
          isPerspective
          ? SIMD2(Float(wb * near.y / closeness), Float(wc * near.z / closeness)) : SIMD2(Float(wb), Float(wc))
      }
    }
  }

  /// The depth of the surface a pixel sees.
  func depth(at pixel: Int, _ projection: View.Projection) -> Float {
    projection == .perspective ? 1 / nearness[pixel] : -nearness[pixel]
  }
}

extension Double {
  /// The nearest number within a range; NaN becomes its lower end, so that it converts to an integer.
  fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
    self >= range.lowerBound ? Swift.min(self, range.upperBound) : range.lowerBound
  }
}
