import Compute
import Geometry
import Testing

@Suite struct MeshTests {
  /// Four triangles around a corner, all vertices used.
  static let tetrahedron = TriangleMesh(
    vertices: [SIMD3(0, 0, 0), SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)],
    faces: [SIMD3(0, 2, 1), SIMD3(0, 1, 3), SIMD3(0, 3, 2), SIMD3(1, 2, 3)])

  @Test func soundMeshesPassUnchanged() throws {
    #expect(try MeshTests.tetrahedron.validated() == MeshTests.tetrahedron)
    var open = MeshTests.tetrahedron  // a boundary is no fault
    open.faces.removeLast()
    #expect(try open.validated() == open)
  }

  private func complaint(about mesh: TriangleMesh) throws -> ComputeError {
    let error = try #require(throws: ComputeError.self) { try mesh.validated(name: "hat.obj") }
    #expect(error.kind == .data)
    #expect(error.what.hasPrefix("hat.obj: "))
    return error
  }

  @Test func facesOutOfRangeAreRefused() throws {
    var mesh = MeshTests.tetrahedron
    mesh.faces[2] = SIMD3(0, 4, 2)
    #expect(try complaint(about: mesh).what.contains("face 2 names vertex 4 of 4"))
    mesh.faces[2] = SIMD3(0, -1, 2)
    #expect(try complaint(about: mesh).what.contains("face 2 names vertex -1 of 4"))
    mesh.faces = []
    #expect(try complaint(about: mesh).what.contains("no faces"))
  }

  @Test func degenerateFacesAreRefused() throws {
    var mesh = MeshTests.tetrahedron
    mesh.faces[1] = SIMD3(3, 1, 3)
    #expect(try complaint(about: mesh).what.contains("face 1 names a vertex twice"))
  }

  @Test func isolatedVerticesAreRefused() throws {
    var mesh = MeshTests.tetrahedron
    mesh.vertices += [SIMD3(5, 5, 5), SIMD3(6, 6, 6)]
    #expect(try complaint(about: mesh).what.contains("2 of 6 vertices belong to no face, the first is vertex 4"))
  }

  @Test func thirdFaceAtAnEdgeIsRefused() throws {
    var mesh = MeshTests.tetrahedron
    mesh.vertices.append(SIMD3(2, 2, 2))
    mesh.faces.append(SIMD3(2, 1, 4))
    #expect(try complaint(about: mesh).what.contains("edge between vertices 1 and 2"))
  }

  @Test func separatePartsAreRefused() throws {
    var mesh = MeshTests.tetrahedron
    mesh.vertices += MeshTests.tetrahedron.vertices
    mesh.faces += MeshTests.tetrahedron.faces.map { $0 &+ 4 }
    #expect(mesh.componentCount == 2)
    #expect(try complaint(about: mesh).what.contains("2 components"))
  }

  @Test(arguments: 0...3)
  func icospheresAreClosedAndRegular(subdivisions: Int) throws {
    let mesh = try TriangleMesh.icosphere(subdivisions: subdivisions).validated()
    let quarter = 1 << (2 * subdivisions)
    #expect(mesh.vertices.count == 10 * quarter + 2)
    #expect(mesh.faces.count == 20 * quarter)
    #expect(mesh.vertices.allSatisfy { abs(norm($0) - 1) < 1e-15 })
    var facesAt = [Int](repeating: 0, count: mesh.vertices.count)
    for face in mesh.faces {
      for k in 0..<3 { facesAt[Int(face[k])] += 1 }
    }
    #expect(facesAt.count { $0 == 5 } == 12)
    #expect(facesAt.allSatisfy { $0 == 5 || $0 == 6 })
  }

  @Test func uvSphereHasTheCountsOfTheBodyTemplate() throws {
    let mesh = try TriangleMesh.uvSphere(rings: 82, segments: 84).validated()
    #expect(mesh.vertices.count == 6890)
    #expect(mesh.faces.count == 13776)
    #expect(mesh.vertices.allSatisfy { abs(norm($0) - 1) < 1e-15 })
  }

  @Test(arguments: [TriangleMesh.icosphere(subdivisions: 3), .uvSphere(rings: 20, segments: 30)])
  func normalsOfSpheresPointOutwards(sphere: TriangleMesh) {
    for (normal, vertex) in zip(sphere.vertexNormals, sphere.vertices) {
      #expect(abs(norm(normal) - 1) < 1e-14)
      #expect(dot(normal, vertex) > 0.99)  // the facets of these spheres lean by up to 7 degrees
    }
  }

  @Test func normalsWeighFacesByArea() {
    // A large face in the xy plane and a small one in the yz plane meet at vertex 0.
    let mesh = TriangleMesh(
      vertices: [SIMD3(0, 0, 0), SIMD3(3, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1), SIMD3(9, 9, 9)],
      faces: [SIMD3(0, 1, 2), SIMD3(0, 2, 3)])
    let expected = SIMD3(1.0, 0, 3) / 10.0.squareRoot()
    #expect(norm(mesh.vertexNormals[0] - expected) < 1e-15)
    #expect(mesh.vertexNormals[4] == .zero)
  }
}
