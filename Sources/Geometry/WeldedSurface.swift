/// The surface of a mesh with every place once: what a network for point sets sees of it, and the way back.
///
/// Files repeat a vertex along the seams of texture and normals, and may hold vertices of no face. A network would move
/// the copies apart and tear the surface, and take the others for a part of the body. So it sees one point where vertices
/// coincide, none for the others, and every vertex of the mesh follows a point.
public struct WeldedSurface: Sendable {
  /// The points, in the order of the first vertex at each, and the faces that still have three different corners.
  public let mesh: TriangleMesh
  /// `[vertices]`: the point that each vertex follows, its own or the nearest one.
  public let leaders: [Int32]
  /// How many vertices share a point with another.
  public let duplicateCount: Int
  /// How many vertices no face names.
  public let looseCount: Int
  /// How many faces have lost a corner: those with an edge of length 0.
  public let collapsedFaceCount: Int
  /// From the point to the vertex, for the loose ones.
  private let offsets: [Int: SIMD3<Double>]

  /// - Precondition: there are faces, they name vertices that there are, and all coordinates are finite.
  public init(_ mesh: TriangleMesh) {
    var points: [SIMD3<Double>] = []
    var numbers: [SIMD3<Double>: Int32] = [:]
    var leaders = [Int32](repeating: 0, count: mesh.vertices.count)
    let referenced = mesh.referencedVertices
    for vertex in referenced {
      let place = mesh.vertices[vertex]
      leaders[vertex] = numbers[place] ?? Int32(points.count)
      guard leaders[vertex] == points.count else { continue }
      numbers[place] = leaders[vertex]
      points.append(place)
    }

    let loose = mesh.unreferencedVertices
    var offsets: [Int: SIMD3<Double>] = [:]
    if !loose.isEmpty {
      let tree = PointTree(points)
      for vertex in loose {
        let nearest = tree.nearest(to: mesh.vertices[vertex]).index
        leaders[vertex] = Int32(nearest)
        offsets[vertex] = mesh.vertices[vertex] - points[nearest]
      }
    }

    let faces = mesh.faces.map { SIMD3(leaders[Int($0.x)], leaders[Int($0.y)], leaders[Int($0.z)]) }
      .filter { $0.x != $0.y && $0.y != $0.z && $0.z != $0.x }
    self.mesh = TriangleMesh(vertices: points, faces: faces)
    self.leaders = leaders
    self.offsets = offsets
    duplicateCount = referenced.count - points.count
    looseCount = loose.count
    collapsedFaceCount = mesh.faces.count - faces.count
  }

  /// All vertices of the mesh, in its order, when the points have moved: loose ones keep their offset from the nearest.
  public func vertices(following points: [SIMD3<Double>]) -> [SIMD3<Double>] {
    precondition(
      points.count == mesh.vertices.count, "WeldedSurface: \(points.count) points for \(mesh.vertices.count)")
    var vertices = leaders.map { points[Int($0)] }
    for (vertex, offset) in offsets { vertices[vertex] += offset }
    return vertices
  }

  /// Unit normals of all vertices when the points have moved, smooth across seams; see `TriangleMesh.vertexNormals`.
  public func normals(following points: [SIMD3<Double>]) -> [SIMD3<Double>] {
    let normals = TriangleMesh(vertices: points, faces: mesh.faces).vertexNormals
    return leaders.map { normals[Int($0)] }
  }
}
