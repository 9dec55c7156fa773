import Compute
import Geometry
import Testing

@Suite struct MeshAlignmentTests {
  /// A slab 0.5 wide, `height` along `up` and 0.3 along the third axis, away from the origin, in metres times `scale`.
  private func slab(height: Double = 1.7, up: MeshAlignment.UpAxis = .y, scale: Double = 1) -> TriangleMesh {
    let corners = (0..<8).map { corner -> SIMD3<Double> in
      let sides = up == .y ? SIMD3(0.5, height, 0.3) : SIMD3(0.5, 0.3, height)
      let bits = SIMD3(Double(corner & 1), Double(corner >> 1 & 1), Double(corner >> 2 & 1))
      return (sides * bits + SIMD3(3, -4, 5)) * scale
    }
    return TriangleMesh(vertices: corners, faces: [SIMD3(0, 1, 2), SIMD3(5, 6, 7), SIMD3(0, 3, 4)])
  }

  @Test func boxHoldsItsPoints() {
    let box = SpatialBox([SIMD3(1.0, 5, -1), SIMD3(-3, 6, 0), SIMD3(0, 5.5, 2)])
    #expect(box.low == SIMD3(-3, 5, -1) && box.high == SIMD3(1, 6, 2))
    #expect(box.midpoint == SIMD3(-1, 5.5, 0.5) && box.extent == SIMD3(4, 1, 3))
    let centred = centredByBox([SIMD3(1.0, 5, -1), SIMD3(-3, 6, 0), SIMD3(0, 5.5, 2)])
    #expect(centred == [SIMD3(2, -0.5, -1.5), SIMD3(-2, 0.5, -0.5), SIMD3(1, 0, 1.5)])
  }

  @Test func inverseUndoesASimilarity() {
    let similarity = Similarity(
      scale: 0.37, rotation: Matrix3(axisAngle: SIMD3(0.3, -1, 2)), translation: SIMD3(5, -6, 7))
    for point in [SIMD3(1.0, 2, 3), SIMD3(-100, 0, 1e-3), .zero] {
      #expect(norm(similarity.inverse(similarity(point)) - point) < 1e-13 * max(1, norm(point)))
      #expect(norm(similarity(similarity.inverse(point)) - point) < 1e-13 * max(1, norm(point)))
    }
  }

  @Test(arguments: MeshAlignment.Unit.guessed, MeshAlignment.UpAxis.allCases)
  func unitAndUpAxisAreGuessed(unit: MeshAlignment.Unit, up: MeshAlignment.UpAxis) throws {
    let mesh = slab(up: up, scale: 1 / unit.inMetres)
    let alignment = try MeshAlignment(of: mesh, name: "a.obj")
    #expect(alignment.unit == unit && alignment.upAxis == up)
    let aligned = alignment.apply(mesh)
    let box = SpatialBox(aligned.vertices)
    #expect(norm(box.midpoint) < 1e-12)
    #expect(norm(box.extent - SIMD3(0.5, 1.7, 0.3)) < 1e-12)
    #expect(aligned.faces == mesh.faces)
    for (back, vertex) in zip(alignment.undo(aligned.vertices), mesh.vertices) {
      #expect(norm(back - vertex) < 1e-12 / unit.inMetres)
    }
    #expect(abs(alignment.longestSide - 1.7) < 1e-12)
    #expect(alignment.remarks[0] == "a.obj: 8 vertices, 3 faces")
    #expect(alignment.remarks[1].hasSuffix("taken for \(unit)"))
    #expect(alignment.remarks[2] == (up == .z ? "z is up, turned so that y is" : "y is up"))
  }

  @Test func turningKeepsHandsAndFaces() throws {
    // Facing -y with z up becomes facing +z with y up; left stays at +x.
    let alignment = try MeshAlignment(of: slab(up: .z), name: "a", upAxis: .z, turnedTo: .y)
    #expect(alignment.similarity.rotation * SIMD3(0, -1, 0) == SIMD3(0, 0, 1))
    #expect(alignment.similarity.rotation * SIMD3(0, 0, 1) == SIMD3(0, 1, 0))
    #expect(alignment.similarity.rotation * SIMD3(1, 0, 0) == SIMD3(1, 0, 0))
    #expect(alignment.similarity.rotation.determinant == 1)
    let back = try MeshAlignment(of: slab(), name: "a", upAxis: .y, turnedTo: .z)
    #expect(back.similarity.rotation == alignment.similarity.rotation.transposed)
  }

  @Test func whatIsSaidIsNotGuessed() throws {
    // 1.7 looks like metres and y up; the caller knows better.
    let alignment = try MeshAlignment(of: slab(), name: "a", unit: .centimetres, upAxis: .z)
    #expect(alignment.unit == .centimetres && alignment.upAxis == .z)
    #expect(alignment.similarity.scale == 0.01)
    // A size that fits no unit is taken when the unit is said.
    #expect(try MeshAlignment(of: slab(scale: 1e-3), name: "a", unit: .metres).unit == .metres)
    // 67 inches look like 67 centimetres.
    let inches = slab(scale: 1 / MeshAlignment.Unit.inches.inMetres)
    #expect(try MeshAlignment(of: inches, name: "a").unit == .centimetres)
    let told = try MeshAlignment(of: inches, name: "a", unit: .inches)
    #expect(abs(told.longestSide - 1.7) < 1e-12 && told.remarks[1] == "longest side 66.93, in inches as given")
  }

  @Test func whoCrouchesIsTakenForUpright() throws {
    for target in MeshAlignment.UpAxis.allCases {
      // 0.36 against 0.3: not a quarter longer.
      let alignment = try MeshAlignment(of: slab(height: 0.36), name: "a", turnedTo: target)
      #expect(alignment.upAxis == target)
      #expect(alignment.similarity.rotation == .identity)
    }
  }

  @Test(arguments: MeshAlignment.UpAxis.allCases, [-90.0, 30, 180])
  func aTurnIsAboutTheUpAxisAndUndone(up: MeshAlignment.UpAxis, degrees: Double) throws {
    let mesh = slab(up: up)
    let alignment = try MeshAlignment(of: mesh, name: "a", turnedByDegrees: degrees)
    let aligned = alignment.apply(mesh).vertices
    let box = SpatialBox(aligned)
    #expect(norm(box.midpoint) < 1e-12 && abs(box.extent.y - 1.7) < 1e-12)
    #expect(alignment.remarks.contains { $0.hasPrefix("turned by ") })
    for (back, vertex) in zip(alignment.undo(aligned), mesh.vertices) { #expect(norm(back - vertex) < 1e-12) }
    // Who faces +x faces +z after a quarter turn clockwise, seen from above.
    if degrees == -90 { #expect(norm(alignment.similarity.rotation * SIMD3(1, 0, 0) - SIMD3(0, 0, 1)) < 1e-15) }
  }

  @Test func verticesOfNoFaceDoNotCount() throws {
    var mesh = slab()
    let alignment = try MeshAlignment(of: mesh, name: "a")
    mesh.vertices.append(SIMD3(1e6, 0, 0))
    #expect(mesh.unreferencedVertices == [8] && mesh.referencedVertices == Array(0..<8))
    let other = try MeshAlignment(of: mesh, name: "a")
    #expect(other.similarity == alignment.similarity && other.unit == alignment.unit)
    #expect(other.apply(mesh).vertices.count == 9)
  }

  @Test func meshesOfNoSizeAreRefused() throws {
    func complaint(_ mesh: TriangleMesh) throws -> ComputeError {
      let error = try #require(throws: ComputeError.self) { try MeshAlignment(of: mesh, name: "a.obj") }
      #expect(error.kind == .data && error.what.hasPrefix("a.obj: "))
      return error
    }
    #expect(try complaint(TriangleMesh(vertices: [], faces: [])).what.contains("no vertices"))
    var point = TriangleMesh(vertices: [SIMD3(1, 1, 1), SIMD3(1, 1, 1)], faces: [SIMD3(0, 1, 0)])
    #expect(try complaint(point).what.contains("one place"))
    point.faces = []
    #expect(try complaint(point).what.contains("no faces"))
    point.faces = [SIMD3(0, 1, 2)]
    #expect(try complaint(point).what.contains("face 0 names vertex 2 of 2"))
    var broken = slab()
    broken.vertices[3].y = .nan
    #expect(try complaint(broken).what.contains("vertex 3 is (3.5, nan, 5.0)"))
    for scale in [1e-3, 1e4] { #expect(try complaint(slab(scale: scale)).mend.contains("unit")) }
  }
}
