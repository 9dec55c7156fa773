import Compute
import FileFormats
import Foundation
import Geometry
import Testing

/// Graphs, prepared poses and errors against files of the reference program. Those hold results of Double arithmetic that
/// were rounded to Float, so values are compared to 1e-6 of their size.
@Suite struct ReferenceTests {
  private struct Reference {
    let file: Safetensors

    init(_ name: String) throws {
      let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures")
      file = try Safetensors(contentsOf: fixtures.appending(path: name))
    }

    func integers(_ name: String) throws -> [Int32] { try file.tensor(name).int32s() }
    func values(_ name: String) throws -> [Double] { try file.tensor(name).doubles() }
    func points2(_ name: String) throws -> [SIMD2<Double>] { try vectors(name, 2).map { SIMD2($0[0], $0[1]) } }
    func points3(_ name: String) throws -> [SIMD3<Double>] { try vectors(name, 3).map { SIMD3($0[0], $0[1], $0[2]) } }

    private func vectors(_ name: String, _ width: Int) throws -> [[Double]] {
      let all = try values(name)
      return stride(from: 0, to: all.count, by: width).map { Array(all[$0..<($0 + width)]) }
    }

    var faces: [SIMD3<Int32>] {
      get throws {
        let all = try integers("input/faces")
        return stride(from: 0, to: all.count, by: 3).map { SIMD3(all[$0], all[$0 + 1], all[$0 + 2]) }
      }
    }

    func expect(_ matrix: CompressedRows, _ name: String) throws {
      #expect(matrix.rowStart == (try integers(name + "/indptr")))
      #expect(matrix.column == (try integers(name + "/col")))
      expect(matrix.value, try values(name + "/val"))
    }

    /// Compares within 1e-6 of the larger of each value and 1, or of `unit`.
    func expect(_ computed: [Double], _ stored: [Double], unit: Double = 1) {
      #expect(computed.count == stored.count)
      #expect(zip(computed, stored).allSatisfy { abs($0 - $1) <= 1e-6 * max(abs($1), unit) })
    }
  }

  private func expectGraphs(_ reference: Reference, _ prefix: String, _ hierarchy: GraphHierarchy) throws {
    for (l, level) in hierarchy.levels.enumerated() {
      #expect(level.permutation == (try reference.integers("\(prefix)/\(l)/perm")))
      #expect(level.parents == (try reference.integers("\(prefix)/\(l)/parents")))
      reference.expect([level.largestEigenvalue], try reference.values("\(prefix)/\(l)/lmax"))
      try reference.expect(level.scaledLaplacian, "\(prefix)/\(l)")
    }
    #expect(hierarchy.place == (try reference.integers("\(prefix)/perm_reverse")))
  }

  @Test func introsortHierarchyIsThatOfTheReference() throws {
    let reference = try Reference("coarsen_162.safetensors")
    let hierarchy = try GraphHierarchy(faces: reference.faces, levels: 4)
    try expectGraphs(reference, "graph", hierarchy)
    for (l, level) in hierarchy.levels.enumerated() {
      try reference.expect(level.adjacency, "graph/\(l)/adjacency")
    }
    try reference.expect(JointSet.human36.laplacian(), "graph/joint")
  }

  @Test func stableHierarchyIsThatOfTheReference() throws {
    let reference = try Reference("coarsen_162.safetensors")
    let hierarchy = try GraphHierarchy(faces: reference.faces, levels: 4, order: .stable)
    try expectGraphs(reference, "graph_stable", hierarchy)
    #expect(hierarchy.place != (try reference.integers("graph/perm_reverse")))
  }

  @Test func handHierarchyIsThatOfTheReference() throws {
    let reference = try Reference("hand_mano_eval.safetensors")
    try expectGraphs(reference, "graph", try GraphHierarchy(faces: reference.faces, levels: 4))
    try reference.expect(JointSet.mano.laplacian(), "graph/joint")
  }

  @Test func preparedPosesAreThoseOfTheReference() throws {
    let reference = try Reference("hand_mano_eval.safetensors")
    let joints = try reference.points2("input/joint_img")
    let poses = try stride(from: 0, to: joints.count, by: 21).map { try PosePreparation(Array(joints[$0..<($0 + 21)])) }
    #expect(poses.count == 4)
    reference.expect(
      poses.flatMap { [$0.box.corner.x, $0.box.corner.y, $0.box.size.x, $0.box.size.y] },
      try reference.values("input/bbox"))
    let rows = poses.flatMap { [$0.crop.rows.u, $0.crop.rows.v] }
    reference.expect(rows.flatMap { [$0.x, $0.y, $0.z] }, try reference.values("input/affine"))
    reference.expect(
      poses.flatMap { $0.cropJoints.flatMap { [$0.x, $0.y] } }, try reference.values("input/joint_crop"))
    reference.expect(poses.flatMap { $0.pose.flatMap { [$0.x, $0.y] } }, try reference.values("input/pose2d"))
  }

  @Test func errorsAreThoseOfTheReference() throws {
    let reference = try Reference("hand_mano_eval.safetensors")
    let predicted = try reference.points3("input/metric_pred_mesh")
    let target = try reference.points3("input/gt_mesh")
    let count = try reference.file.tensor("input/gt_mesh").shape[1]
    let weights = try reference.values("input/joint_regressor")
    let regressor = CompressedRows(
      rows: 21, columns: count,
      entries: weights.indices.filter { weights[$0] != 0 }.map { ($0 / count, $0 % count, weights[$0]) })

    let samples = stride(from: 0, to: target.count, by: count).map { start in
      let a = Array(predicted[start..<(start + count)])
      let b = Array(target[start..<(start + count)])
      let errors = MeshErrors(predicted: a, target: b, regressor: regressor, in: .mano)
      let similarity = Similarity(aligning: a, to: b)
      let aligned = a.map { similarity($0) }
      return [
        errors.joints.mpjpe, errors.joints.alignedMPJPE, errors.mpvpe, errors.alignedMPVPE,
        fScore(aligned, b, threshold: 0.005), fScore(aligned, b, threshold: 0.015),
      ]
    }
    for (k, name) in ["mpjpe", "pa_mpjpe", "mpvpe", "pa_mpvpe", "f5", "f15"].enumerated() {
      let mean = samples.reduce(0) { $0 + $1[k] } / Double(samples.count)
      reference.expect([mean], try reference.values("metric/" + name), unit: 0)
    }
  }
}
