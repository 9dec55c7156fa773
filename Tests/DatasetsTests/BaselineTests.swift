import Geometry
import Testing

@testable import Datasets

@Suite struct BaselineTests {
  private static func sampler(_ split: ProjectedBodySampler.Split) throws -> ProjectedBodySampler {
    try ProjectedBodySampler(
      body: ProceduralBody.model, poses: PosePrior.train, input: .human36, split: split, seed: 3, addsError: false,
      mirrorsPoses: false)
  }

  private func error(_ meshes: [Float], _ batch: SampleBatch) -> Double {
    stride(from: 0, to: meshes.count, by: 3).reduce(0) { sum, i in
      sum + norm(SIMD3((0..<3).map { Double(meshes[i + $0] - batch.mesh[i + $0]) }))
    } / Double(meshes.count / 3)
  }

  @Test func meanOfOneSampleIsThatSample() throws {
    let sampler = try Self.sampler(.train)
    let baseline = MeanPoseBaseline(fittedTo: sampler, samples: 5..<6)
    let batch = sampler.batch(samples: 5..<6)
    #expect(error(baseline.meshes(for: batch), batch) < 1e-6)
  }

  @Test func meanPoseTurnsWithTheHeading() throws {
    let sampler = try Self.sampler(.train)
    let baseline = MeanPoseBaseline(fittedTo: sampler, samples: 0..<20)
    let batch = sampler.batch(samples: 0..<2)
    let meshes = baseline.meshes(for: batch)
    let half = meshes.count / 2
    let back = (0..<2).map { turned(meshes[$0 * half..<($0 + 1) * half], by: batch.headings[$0].transposed) }
    #expect(zip(back[0], back[1]).allSatisfy { abs($0 - $1) < 1e-5 })
    // A mean body stands upright: the head is above the root in body axes.
    let joints = try sampler.body.jointRegressor(.human36).joints(of: back[0])
    #expect(joints[10].z > 0.4)
  }

  @Test func nearestPoseFindsTheTrainingSampleItself() throws {
    let sampler = try Self.sampler(.train)
    let baseline = NearestPoseBaseline(fittedTo: sampler, samples: 0..<30)
    let batch = sampler.batch(samples: 11..<13)
    #expect(baseline.nearestSample(to: sampler.sample(17).pose2D) == 17)
    #expect(baseline.meshes(for: batch) == batch.mesh)
  }

  @Test func ridgeBeatsTheMeanOnUnseenSamples() throws {
    let train = try Self.sampler(.train)
    let test = try Self.sampler(.test).batch(samples: 0..<40)
    let ridge = RidgeBaseline(fittedTo: train, samples: 0..<120, heldOut: 120..<140)
    #expect(RidgeBaseline.grid.contains(ridge.lambda))
    // The best constant in camera axes, which ridge could always fall back to.
    let width = 3 * train.body.vertexCount
    let seen = train.batch(samples: 0..<120)
    var mean = [Float](repeating: 0, count: width)
    for sample in 0..<120 { for i in 0..<width { mean[i] += seen.mesh[sample * width + i] / 120 } }
    let constant = (0..<test.count).flatMap { _ in mean }
    #expect(error(ridge.meshes(for: test), test) < 0.9 * error(constant, test))
  }

  @Test func choleskySolvesItsSystem() {
    let a: [Double] = [4, 1, -2, 1, 5, 0.5, -2, 0.5, 6]
    let x: [Double] = [1, -2, 3, 0.5, -1, 7]
    var b = [Double](repeating: 0, count: 6)
    for i in 0..<3 { for k in 0..<3 { for c in 0..<2 { b[2 * i + c] += a[3 * i + k] * x[2 * k + c] } } }
    for (got, want) in zip(solvePositiveDefinite(a, b, width: 2), x) { #expect(abs(got - want) < 1e-12) }
  }
}
