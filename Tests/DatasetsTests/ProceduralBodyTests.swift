import Compute
import Geometry
import Testing

@testable import Datasets

@Suite struct ProceduralBodyTests {
  @Test func surfaceIsOneClosedManifoldFacingOutward() throws {
    let body = ProceduralBody.model
    let vertices = (0..<body.vertexCount).map { vertex in
      SIMD3((0..<3).map { Double(body.template[3 * vertex + $0]) })
    }
    let mesh = TriangleMesh(vertices: vertices, faces: body.faces)
    try mesh.validated()
    // Closed: every directed edge has its opposite, once. Euler number 2: a sphere's topology, no handles.
    let edges = body.faces.flatMap { [SIMD2($0.x, $0.y), SIMD2($0.y, $0.z), SIMD2($0.z, $0.x)] }
    #expect(Set(edges).count == edges.count)
    #expect(Set(edges) == Set(edges.map { SIMD2($0.y, $0.x) }))
    #expect(body.vertexCount - edges.count / 2 + body.faces.count == 2)
    let volume = body.faces.reduce(0.0) { sum, face in
      sum + dot(vertices[Int(face.x)], cross(vertices[Int(face.y)], vertices[Int(face.z)])) / 6
    }
    #expect((0.05...0.12).contains(volume), "a person has 50 to 120 litres, this one \(volume * 1000)")
    #expect((400...2000).contains(body.vertexCount))
  }

  @Test func weightsSumToOne() {
    let skin = ProceduralBody.model.skin
    for vertex in 0..<skin.vertexCount {
      let sum = skin.weight[Int(skin.start[vertex])..<Int(skin.start[vertex + 1])].reduce(0, +)
      #expect(abs(sum - 1) < 1e-5)
    }
  }

  @Test(arguments: [JointSet.human36, .coco])
  func regressedJointsLieAtTheSkeletonsJoints(set: JointSet) throws {
    let body = ProceduralBody.model
    let regressor = try body.jointRegressor(set)
    #expect(regressor.rows == set.count)
    let rest = body.template
    let joints = regressor.joints(of: rest)
    for (joint, bone) in [
      ("L_Knee", "lowerleg01.L"), ("R_Hip", "upperleg01.R"), ("L_Elbow", "lowerarm01.L"), ("R_Wrist", "wrist.R"),
    ] {
      let index = try #require(set.index(of: joint))
      let head = try #require(body.skeleton.index(of: bone))
      #expect(norm(joints[index] - body.boneHeads[head]) < 1e-5, "\(joint)")
    }
  }

  @Test func parametersDoWhatTheyAreCalled() {
    let body = ProceduralBody.model
    func extent(_ phenotype: Phenotype, axis: Int) -> Float {
      let vertices = body.shaped(phenotype).vertices
      let values = stride(from: axis, to: vertices.count, by: 3).map { vertices[$0] }
      return (values.max() ?? 0) - (values.min() ?? 0)
    }
    let plain = Phenotype.reference
    #expect((1.6...2).contains(extent(plain, axis: 2)))
    var tall = plain
    tall.height = 0.6
    #expect(extent(tall, axis: 2) > extent(plain, axis: 2) + 0.02)
    var heavy = plain
    heavy.weight = 0.9
    #expect(extent(heavy, axis: 1) > extent(plain, axis: 1) + 0.02)
  }
}

extension SIMD3<Double> {
  init(_ values: [Double]) { self.init(values[0], values[1], values[2]) }
}
