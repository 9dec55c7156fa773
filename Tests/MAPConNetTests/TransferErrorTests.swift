import Datasets
import Foundation
import TestSupport
import Testing

@testable import MAPConNet

/// The errors of transferred meshes.
@Suite struct TransferErrorTests {
  /// Meshes of so many vertices, all at random places.
  private struct RandomMeshes: PoseTransferSource {
    let vertexCount: Int
    let summary = "random meshes"
    var faces: [SIMD3<Int32>] { strip(Int32(vertexCount)) }

    func range(_ split: SampleSplit) -> PoseTransferRange { PoseTransferRange(identities: 0..<3, poses: 0..<3) }

    func vertices(_ mesh: PosedIdentity) -> [SIMD3<Double>] {
      var random = RandomSource(seed: UInt64(10 * mesh.identity + mesh.pose))
      let values = random.signed(3 * vertexCount)
      return stride(from: 0, to: values.count, by: 3).map { SIMD3(values[$0], values[$0 + 1], values[$0 + 2]) }
    }
  }

  private func set(vertices: Int, pairs: Int) throws -> PoseTransferEvaluationSet {
    let source = RandomMeshes(vertexCount: vertices)
    return PoseTransferEvaluationSet(source, pairs: try source.pairs(of: .test, count: pairs, seed: 1), seed: 1)
  }

  /// The least mean distance over all orders of a handful of points.
  private func bruteForce(_ a: [SIMD3<Double>], _ b: [SIMD3<Double>]) -> Double {
    func best(_ index: Int, _ free: [SIMD3<Double>]) -> Double {
      guard index < a.count else { return 0 }
      return free.indices.map { k -> Double in
        var rest = free
        let d = a[index] - rest.remove(at: k)
        return (d * d).sum().squareRoot() + best(index + 1, rest)
      }.min() ?? 0
    }
    return best(0, b) / Double(a.count)
  }

  /// Measured on the first pairs alone, of the output centred by its box, and averaged over these.
  @Test func theEMDIsThatOfTheBestMatching() throws {
    let set = try set(vertices: 6, pairs: 4)
    let errors = try set.errors(emdPairs: 2) { sample in sample.posePoints.map { $0 + 0.5 } }
    #expect(errors.map { $0.emd == nil } == [false, false, true, true])
    for (index, error) in errors.prefix(2).enumerated() {
      let sample = try set.sample(index)
      let expected = bruteForce(points(sample.posePoints), points(sample.groundTruth ?? []))
      #expect(abs((error.emd ?? 0) - expected) < 1e-6)
    }
    let mean = TransferErrors.mean(of: errors)
    #expect(abs((mean.emd ?? 0) - errors.prefix(2).reduce(0) { $0 + ($1.emd ?? 0) } / 2) < 1e-15)
    #expect(TransferErrors.mean(of: Array(errors.suffix(2))).emd == nil)
  }

  /// Beyond the limit it is left out rather than refused: the other errors still count.
  @Test func meshesTooLargeAndNoNumbersHaveNoEMD() throws {
    let errors = try set(vertices: 1723, pairs: 1).errors(emdPairs: 1) { $0.groundTruth ?? [] }
    #expect(errors[0].emd == nil && errors[0].pmd < 1e-14)
    let wrong = try set(vertices: 6, pairs: 1).errors(emdPairs: 1) { $0.identityPoints.map { _ in .nan } }
    #expect(wrong[0].emd == nil && wrong[0].pmd.isNaN)
  }

  /// Files that were written before there was an EMD are still read.
  @Test func olderErrorsAreRead() throws {
    let old = #"{"pmd": 1, "chamfer": 2, "edge": 3, "normal": 4}"#
    let errors = try JSONDecoder().decode(TransferErrors.self, from: Data(old.utf8))
    #expect(errors == TransferErrors(pmd: 1, chamfer: 2, edge: 3, normal: 4, emd: nil))
  }

  @Test func aNegativeNumberOfEMDPairsIsRefused() {
    var settings = MAPConNetSettings()
    settings.data.emdPairs = -1
    let error = #expect(throws: (any Error).self) { try settings.validate() }
    #expect("\(String(describing: error))".contains("data.emdPairs is -1"))
  }
}
