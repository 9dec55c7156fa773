import Geometry
import Layers
import Testing

@testable import Pose2Mesh

@Suite struct ArchitectureTests {
  @Test func publishedChannelPlans() throws {
    let body = try Pose2MeshArchitecture(jointSet: .human36, levels: 9).channelPlan()
    #expect(
      body == [
        [5, 32, 64, 64], [64, 128, 256], [256, 256, 256], [256, 256, 256], [256, 256, 256], [256, 256, 256],
        [256, 128, 128], [128, 128, 128], [128, 128, 128], [128, 64, 3],
      ])
    let hand = try Pose2MeshArchitecture(jointSet: .mano, levels: 6).channelPlan()
    #expect(
      hand == [
        [5, 32, 64, 64], [64, 128, 256], [256, 256, 256], [256, 256, 256], [256, 256, 256], [256, 128, 128],
        [128, 64, 3],
      ])
  }

  @Test func tooFewLevelsAreRefused() {
    let error = #expect(throws: ComputeError.self) {
      try Pose2MeshArchitecture(jointSet: .human36, levels: 4).channelPlan()
    }
    #expect(error?.kind == .configuration)
    #expect(error?.mend.contains("9 body") == true)
  }

  /// The counts of the published checkpoints.
  @Test(
    arguments: [
      (JointSet.human36, 96, 67_518_515, 8_784_963), (.coco, 96, 67_559_481, 9_571_395),
      (.smpl, 96, 67_661_896, 11_537_475), (.mano, 68, 67_600_447, 7_354_691),
    ])
  func publishedParameterCounts(_ set: JointSet, coarsest: Int, poseNet: Int, meshNet: Int) throws {
    let architecture = Pose2MeshArchitecture(jointSet: set, levels: set.family == .hand ? 6 : 9)
    func learned(_ declarations: [ParameterDeclaration]) -> Int {
      declarations.filter { !$0.name.contains("running_") }.reduce(0) { $0 + $1.shape.reduce(1, *) }
    }
    #expect(learned(PoseNet(joints: set.count, hidden: 4096, dropout: 0.5).declarations) == poseNet)
    let net = MeshNet(plan: try architecture.channelPlan(), joints: set.count, coarsestNodes: coarsest)
    #expect(learned(net.declarations) == meshNet)
  }

  @Test func channelInterpolationHasHalfPixelCentres() {
    func column(_ o: Int, _ old: Int, _ new: Int) -> [Double] {
      let matrix = channelInterpolation(from: old, to: new)
      return (0..<old).map { matrix[$0 * new + o] }
    }
    // 256 to 128: the mean of two neighbours. 64 to 256: fractions in eighths, clamped at both ends.
    #expect(column(3, 8, 4) == [0, 0, 0, 0, 0, 0, 0.5, 0.5])
    #expect(column(0, 2, 8) == [1, 0])
    #expect(column(2, 2, 8) == [0.875, 0.125])
    #expect(column(5, 2, 8) == [0.125, 0.875])
    #expect(column(7, 2, 8) == [0, 1])
  }
}
