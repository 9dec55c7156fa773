import Geometry
import Testing

@Suite struct WeldedSurfaceTests {
  /// A tetrahedron whose first corner stands in the file twice, with two vertices of no face.
  private let mesh = TriangleMesh(
    vertices: [[0, 0, 0], [7, 7, 7], [1, 0, 0], [0, 1, 0], [-0.0, 0, 0], [0, 0, 1], [0, 1.25, 0]],
    faces: [SIMD3(0, 3, 2), SIMD3(4, 2, 5), SIMD3(4, 5, 3), SIMD3(2, 3, 5)])

  @Test func everyPlaceIsOnePoint() throws {
    let surface = WeldedSurface(mesh)
    #expect(surface.mesh.vertices == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    #expect(surface.mesh.faces == [SIMD3(0, 2, 1), SIMD3(0, 1, 3), SIMD3(0, 3, 2), SIMD3(1, 2, 3)])
    #expect(surface.duplicateCount == 1 && surface.looseCount == 2 && surface.collapsedFaceCount == 0)
    #expect(try surface.mesh.validated() == surface.mesh)
    // Vertex 1 is as far from three points, and follows the lowest.
    #expect(surface.leaders == [0, 1, 1, 2, 0, 3, 2])
  }

  @Test func verticesFollowTheirPoints() {
    let surface = WeldedSurface(mesh)
    #expect(surface.vertices(following: surface.mesh.vertices) == mesh.vertices)
    let moved = surface.mesh.vertices.map { $0 * 2 + SIMD3(0, 0, 5) }
    let vertices = surface.vertices(following: moved)
    #expect(vertices[0] == SIMD3(0, 0, 5) && vertices[4] == vertices[0])
    // The loose ones keep their offset.
    #expect(vertices[6] == SIMD3(0, 2.25, 5) && vertices[1] == SIMD3(8, 7, 12))
  }

  @Test func normalsAreSmoothAcrossSeams() {
    let normals = WeldedSurface(mesh).normals(following: WeldedSurface(mesh).mesh.vertices)
    #expect(normals.count == 7 && normals[0] == normals[4] && norm(normals[0] - normals[4]) == 0)
    #expect(normals[0] != mesh.vertexNormals[0])
  }

  @Test func facesWithAnEdgeOfNoLengthCollapse() {
    var flat = mesh
    flat.faces += [SIMD3(0, 4, 2), SIMD3(3, 3, 5)]
    let surface = WeldedSurface(flat)
    #expect(surface.collapsedFaceCount == 2 && surface.mesh == WeldedSurface(mesh).mesh)
  }

  @Test func ordinaryMeshesStayAsTheyAre() {
    let sphere = TriangleMesh.icosphere(subdivisions: 2)
    #expect(WeldedSurface(sphere).mesh == sphere)
  }
}
