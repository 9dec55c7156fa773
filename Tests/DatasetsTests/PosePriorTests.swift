import Foundation
import Geometry
import Testing

@testable import Datasets

@Suite struct PosePriorTests {
  private static let priors = [PosePrior.train, .test]

  @Test(arguments: [(0, 128), (1, 96)])
  func tableIsComplete(which: Int, components: Int) {
    let prior = Self.priors[which]
    #expect(prior.shares.count == components && prior.means.count == components && prior.directionCount == 4)
    #expect(abs(prior.shares.reduce(0, +) - 1) < 1e-12 && prior.shares.allSatisfy { $0 > 0 })
    for mean in prior.means { #expect(abs(mean.heading) < 2e-3, "means were fitted without heading") }
  }

  @Test(arguments: [0, 1])
  func componentsComeInTheirShares(which: Int) {
    let prior = Self.priors[which]
    var random = PhiloxGenerator(seed: 5, stream: 9)
    let count = 20_000
    var hits = [Int](repeating: 0, count: prior.shares.count)
    for _ in 0..<count { hits[prior.component(using: &random)] += 1 }
    for (hit, share) in zip(hits, prior.shares) {
      // Five standard errors of a count.
      #expect(abs(Double(hit) - share * Double(count)) < 5 * (share * Double(count)).squareRoot())
    }
  }

  @Test(arguments: [0, 1])
  func samplesHaveTheTablesMoments(which: Int) {
    let prior = Self.priors[which]
    var random = PhiloxGenerator(seed: 2, stream: 3)
    let joints = MotionJoint.allCases.count
    let count = 1500
    // Tails put at two deviations leave a normal 0.920 of its variance: 0.9545 * 0.7737 inside, 4 * 0.0455 at the cuts.
    let clamped = 0.9205
    for component in [3, 40] {
      var sum = [SIMD3<Double>](repeating: .zero, count: joints)
      var squares = sum
      var limited = [Bool](repeating: false, count: joints)
      for _ in 0..<count {
        let pose = prior.pose(component: component, using: &random)
        for joint in 1..<joints {
          let v = (prior.means[component].rotations[joint].transposed * pose.rotations[joint]).axisAngle
          sum[joint] += v
          squares[joint] += v * v
          if norm(v) > 0, isAtItsReach(pose.rotations[joint], prior.reach[joint]) { limited[joint] = true }
        }
      }
      #expect(limited.count { !$0 } > 6, "most joints move freely in most components")
      for joint in 1..<joints where !limited[joint] {
        let expected = (0..<prior.directionCount).reduce(SIMD3<Double>()) { variance, direction in
          let step = prior.directions[(component * prior.directionCount + direction) * joints + joint]
          return variance + clamped * step * step
        }
        for axis in 0..<3 {
          let mean = sum[joint][axis] / Double(count)
          let variance = squares[joint][axis] / Double(count) - mean * mean
          #expect(abs(mean) < 4 * (expected[axis] / Double(count)).squareRoot() + 1e-6)
          // Five standard errors of a variance from 1500 draws.
          #expect(abs(variance - expected[axis]) < 0.18 * expected[axis] + 1e-9)
        }
      }
    }
  }

  /// Whether a joint has come so near to its reach that samples may have been drawn back.
  private func isAtItsReach(_ rotation: Matrix3, _ reach: (low: SIMD3<Double>, high: SIMD3<Double>)) -> Bool {
    let v = rotation.axisAngle
    return !(all(v .> reach.low + 0.15) && all(v .< reach.high - 0.15))
  }

  @Test(arguments: [0, 1])
  func samplesKeepJointsWithinHumanReach(which: Int) {
    let prior = Self.priors[which]
    var random = PhiloxGenerator(seed: 4, stream: 4)
    for _ in 0..<500 {
      let pose = prior.pose(using: &random)
      for knee in [MotionJoint.leftLeg, .rightLeg] {
        let turn = pose[knee].axisAngle
        #expect(turn.x > -0.01 && turn.x < 2.8 && abs(turn.y) < 0.02 && abs(turn.z) < 0.02, "a knee is broken")
      }
      #expect(pose[.leftForeArm].axisAngle.y < 0.1 && pose[.rightForeArm].axisAngle.y > -0.1, "an elbow is broken")
      #expect(norm(pose[.spine1].axisAngle) < 0.8 && norm(pose[.neck].axisAngle) < 1.2, "a trunk is broken")
      #expect(abs(pose.heading) < 1e-9)
    }
  }

  @Test func subjectsOfTestPriorWereNotInTraining() {
    // The two tables are different fits: no mean is shared.
    #expect(!PosePrior.test.means.contains { PosePrior.train.means.contains($0) })
  }
}
