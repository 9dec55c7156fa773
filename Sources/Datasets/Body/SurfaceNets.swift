import Geometry

/// Meshes the surface where `distance` is 0 (Gibson, "Constrained elastic surface nets", 1998): one vertex per grid cell
/// that the surface crosses, at the mean of its crossings of the cell's edges; one quad, split along its shorter
/// diagonal, per grid edge that it crosses. Triangles face towards positive distance.
///
/// The mesh is closed when the surface lies inside the grid, and manifold when no part of it is thinner than a cell.
///
/// - Parameters:
///   - distance: signed distance to the surface, negative inside.
///   - low, high: opposite corners of the grid.
///   - spacing: edge length of a cell.
func surfaceNet(
  of distance: (SIMD3<Double>) -> Double, from low: SIMD3<Double>, to high: SIMD3<Double>, spacing: Double
) -> TriangleMesh {
  let size = SIMD3<Int>((high - low) / spacing, rounding: .up) &+ 1
  let strides = SIMD3(1, size.x, size.x * size.y)
  func point(_ p: SIMD3<Int>) -> SIMD3<Double> { low + SIMD3<Double>(p) * spacing }
  func index(_ p: SIMD3<Int>) -> Int { (p &* strides).wrappedSum() }
  func cells(_ limit: SIMD3<Int>, _ body: (SIMD3<Int>) -> Void) {
    for z in 0..<limit.z { for y in 0..<limit.y { for x in 0..<limit.x { body(SIMD3(x, y, z)) } } }
  }
  let units = [SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)]

  var values: [Double] = []
  cells(size) { values.append(distance(point($0))) }

  var vertices: [SIMD3<Double>] = []
  var vertexOfCell: [Int: Int32] = [:]
  cells(size &- 1) { cell in
    var sum = SIMD3<Double>()
    var crossings = 0.0
    for axis in 0..<3 {
      // The four edges of the cell along this axis.
      for (u, v) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        let start = cell &+ u &* units[(axis + 1) % 3] &+ v &* units[(axis + 2) % 3]
        let end = start &+ units[axis]
        let (a, b) = (values[index(start)], values[index(end)])
        guard (a < 0) != (b < 0) else { continue }
        sum += point(start) + (point(end) - point(start)) * (a / (a - b))
        crossings += 1
      }
    }
    guard crossings > 0 else { return }
    vertexOfCell[index(cell)] = Int32(vertices.count)
    vertices.append(sum / crossings)
  }

  var faces: [SIMD3<Int32>] = []
  cells(size &- 1) { start in
    for axis in 0..<3 {
      let (a, b) = (values[index(start)], values[index(start &+ units[axis])])
      guard (a < 0) != (b < 0) else { continue }
      // The four cells around the edge, counter-clockwise when looking against the axis.
      let (u, v) = (units[(axis + 1) % 3], units[(axis + 2) % 3])
      let around = [start &- u &- v, start &- v, start, start &- u].compactMap { vertexOfCell[index($0)] }
      guard around.count == 4 else { continue }
      let q = a < 0 ? around : around.reversed()
      let p = q.map { vertices[Int($0)] }
      faces +=
        norm(p[0] - p[2]) < norm(p[1] - p[3])
        ? [SIMD3(q[0], q[1], q[2]), SIMD3(q[2], q[3], q[0])] : [SIMD3(q[0], q[1], q[3]), SIMD3(q[3], q[1], q[2])]
    }
  }
  return TriangleMesh(vertices: vertices, faces: faces)
}
