import Geometry
import Testing

@testable import Datasets

@Suite struct SamplerTests {
  private func sampler(
    _ split: ProjectedBodySampler.Split = .train, input: JointSet = .human36, seed: UInt64 = 7, addsError: Bool = true,
    mirrorsPoses: Bool = true
  ) throws -> ProjectedBodySampler {
    try ProjectedBodySampler(
      body: ProceduralBody.model, poses: PosePrior.train, input: input, split: split, seed: seed, addsError: addsError,
      mirrorsPoses: mirrorsPoses)
  }

  @Test func sampleDependsOnItsNumberAlone() throws {
    let all = try sampler().batch(samples: 0..<6)
    let second = try sampler().batch(1, size: 3)
    let width = all.pose2D.count / 6
    #expect(second.pose2D == Array(all.pose2D[3 * width..<6 * width]))
    #expect(second.mesh == Array(all.mesh[all.mesh.count / 2..<all.mesh.count]))
    #expect(try sampler().sample(4).mesh == sampler().sample(4).mesh)
  }

  @Test func splitsAndSeedsShareNobody() throws {
    let people = try [
      sampler(), sampler(.validation), sampler(.test), sampler(seed: 8),
    ].flatMap { sampler in (0..<4).map { sampler.sample($0).phenotype } }
    for (i, a) in people.enumerated() { for b in people[..<i] { #expect(a != b) } }
  }

  @Test(arguments: [JointSet.human36, .coco])
  func quantitiesAgreeWithEachOther(input: JointSet) throws {
    let sampler = try sampler(input: input, addsError: false)
    let body = sampler.body
    for index in 0..<3 {
      let sample = sampler.sample(index)
      // Joints are the regressor times the mesh, target joints relative to their root, which is the mesh's origin.
      let target = try body.jointRegressor(.human36).joints(of: sample.mesh).map { $0 * 1000 }
      let lift = try body.jointRegressor(input).joints(of: sample.mesh).map { $0 * 1000 }
      for (j, joint) in target.enumerated() { #expect(norm(joint - point(sample.targetJoints, j)) < 0.01) }
      for (j, joint) in lift.enumerated() {
        #expect(norm(joint - lift[input.root] - point(sample.liftJoints, j)) < 0.01)
      }
      #expect(norm(point(sample.targetJoints, JointSet.human36.root)) < 1e-9)

      // Pixels are the projections: some depth of the root makes them so, the same for all joints.
      let camera = sample.camera
      let pixels = (0..<input.count).map { SIMD2(Double(sample.pixels[2 * $0]), Double(sample.pixels[2 * $0 + 1])) }
      let root = try rootInCamera(sample, lift, pixels)
      for (joint, pixel) in zip(lift, pixels) {
        let seen = camera.project(joint / 1000 + root)
        #expect(abs(seen.x - pixel.x) < 0.02 && abs(seen.y - pixel.y) < 0.02)
      }
      #expect((3...8).contains(root.z), "cameras stand about five metres away")

      // The whole body stands on the floor: its lowest vertex in the world is at height 0.
      let back = turned(sample.mesh[...], by: camera.rotation.transposed)
      let world = camera.rotation.transposed * (root - camera.translation)
      let lowest = stride(from: 2, to: back.count, by: 3).map { Double(back[$0]) }.min() ?? 0
      #expect(abs(world.z + lowest) < 2e-3)
    }
  }

  /// The root's place in camera axes from two joints' rows of the projection, by least squares over all joints.
  private func rootInCamera(_ sample: BodySample, _ joints: [SIMD3<Double>], _ pixels: [SIMD2<Double>]) throws
    -> SIMD3<Double>
  {
    var gram = [Double](repeating: 0, count: 9)
    var right = [Double](repeating: 0, count: 3)
    for (joint, pixel) in zip(joints, pixels) {
      let ray = (pixel - sample.camera.centre) / sample.camera.focalLength
      let p = joint / 1000
      // (p.x + t.x) - ray.x (p.z + t.z) = 0, and likewise for y.
      for (row, known) in [(SIMD3(1, 0, -ray.x), ray.x * p.z - p.x), (SIMD3(0, 1, -ray.y), ray.y * p.z - p.y)] {
        for i in 0..<3 {
          for j in 0..<3 { gram[3 * i + j] += row[i] * row[j] }
          right[i] += row[i] * known
        }
      }
    }
    return SIMD3(solvePositiveDefinite(gram, right, width: 1))
  }

  private func point(_ values: [Float], _ index: Int) -> SIMD3<Double> {
    SIMD3((0..<3).map { Double(values[3 * index + $0]) })
  }

  @Test func inputIsStandardised() throws {
    let batch = try sampler().batch(0, size: 4)
    for sample in 0..<4 {
      for axis in 0..<2 {
        let values = (0..<17).map { Double(batch.pose2D[(sample * 17 + $0) * 2 + axis]) }
        let mean = values.reduce(0, +) / 17
        #expect(abs(mean) < 1e-6)
        #expect(abs(values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 17 - 1) < 1e-5)
      }
    }
  }

  @Test func errorChangesTheInputAndNothingElse() throws {
    let exact = try sampler(addsError: false).sample(2)
    let disturbed = try sampler().sample(2)
    #expect(exact.pose2D != disturbed.pose2D)
    #expect(exact.mesh == disturbed.mesh && exact.pixels == disturbed.pixels)
    // A few pixels of a person a few hundred pixels high.
    let largest = zip(exact.pose2D, disturbed.pose2D).map { abs($0 - $1) }.max() ?? 0
    #expect(largest > 0.001 && largest < 0.5)
  }

  @Test func batchHasTheShapesOfItsFields() throws {
    let batch = try sampler(input: .coco).batch(0, size: 2)
    let vertices = ProceduralBody.model.vertexCount
    #expect(batch.count == 2 && batch.headings.count == 2)
    #expect(batch.pose2D.count == 2 * 19 * 2 && batch.pixels.count == 2 * 19 * 2)
    #expect(batch.mesh.count == 2 * vertices * 3 && batch.meshValid.count == 2 * vertices)
    #expect(batch.targetJoints.count == 2 * 17 * 3 && batch.targetValid.count == 2 * 17)
    #expect(batch.liftJoints.count == 2 * 19 * 3 && batch.liftValid.count == 2 * 19)
  }

  @Test(arguments: [JointSet.human36, .coco])
  func jointsOnlyGivesTheSameJoints(input: JointSet) throws {
    let whole = try sampler(input: input, addsError: false)
    let reduced = try whole.jointsOnly()
    #expect(reduced.body.vertexCount < whole.body.vertexCount / 3)
    for index in 0..<3 {
      let (a, b) = (whole.sample(index), reduced.sample(index))
      #expect(a.phenotype == b.phenotype && a.camera == b.camera && a.heading == b.heading)
      // Millimetres; the sums run over the same vertices in the same order.
      #expect(a.targetJoints == b.targetJoints && a.liftJoints == b.liftJoints)
      // The floor is a few centimetres off at most, seen from five metres.
      #expect(zip(a.pose2D, b.pose2D).allSatisfy { abs($0 - $1) < 0.05 })
    }
  }

  @Test func handsAreNotToBeHad() {
    #expect(throws: (any Error).self) { try sampler(input: .mano) }
  }
}
