import Foundation
import Geometry

/// A mixture of typical poses, each with the few directions in which people varied around it.
///
/// Component k has mean rotations R_kj of the twenty joints and D directions a_kd in the space of their rotation vectors.
/// A sample is R_kj exp((sum over d of z_d a_kd)_j), z normal and cut at two deviations. A joint that would leave the
/// range of rotation vectors that people had, such as a knee bent forward, is drawn back towards its mean. The root has
/// no heading.
///
/// The embedded priors were fitted by Tools/tables/fit-pose-prior to clips of disjoint subjects of CMU's motion capture
/// database: the data used was obtained from mocap.cs.cmu.edu; the database was created with funding from NSF
/// EIA-0196217.
public struct PosePrior: PoseSource {
  public let summary: String
  /// Share of each component among the poses; the sum is 1.
  public let shares: [Double]
  /// `[components]`.
  public let means: [MotionPose]
  public let directionCount: Int
  /// `[components, directions, joints]`: direction times standard deviation, rotation vectors in radians.
  let directions: [SIMD3<Double>]

  /// Least and greatest components of each joint's rotation vector among the poses fitted to, radians.
  let reach: [(low: SIMD3<Double>, high: SIMD3<Double>)]

  static let cut = 2.0

  /// The prior of the training subjects.
  public static let train = PosePrior(.priorTrain, summary: "pose prior of the training subjects")
  /// The prior of the test subjects, none of whom the training prior has seen.
  public static let test = PosePrior(.priorTest, summary: "pose prior of the test subjects")

  private init(_ embedded: EmbeddedTable, summary: String) {
    var table = TableReader(embedded)
    let counts = table.integers(UInt16.self, count: 2).map(Int.init)
    let (components, directionCount, joints) = (counts[0], counts[1], MotionJoint.allCases.count)
    let shares = table.integers(UInt16.self, count: components).map(Double.init)
    let bounds = table.integers(Int16.self, count: 2 * joints * 3).map { Double($0) * .pi / 32767 }
    let means = table.integers(Int16.self, count: components * joints * 3).map { Double($0) * .pi / 32767 }
    let scales = table.floats(count: components * directionCount).map(Double.init)
    let steps = table.integers(Int8.self, count: components * directionCount * joints * 3).map(Double.init)
    func vector(_ values: [Double], _ index: Int) -> SIMD3<Double> {
      SIMD3(values[3 * index], values[3 * index + 1], values[3 * index + 2])
    }
    self.summary = summary
    reach = (0..<joints).map { (vector(bounds, $0), vector(bounds, joints + $0)) }
    self.directionCount = directionCount
    self.shares = shares.map { $0 / shares.reduce(0, +) }
    self.means = (0..<components).map { component in
      MotionPose(rotations: (0..<joints).map { Matrix3(axisAngle: vector(means, component * joints + $0)) })
    }
    directions = (0..<components * directionCount * joints).map { scales[$0 / joints] * vector(steps, $0) }
  }

  public func pose(using generator: inout PhiloxGenerator) -> MotionPose {
    pose(component: component(using: &generator), using: &generator)
  }

  /// A component, each as often as its share says.
  func component(using generator: inout PhiloxGenerator) -> Int {
    var rest = generator.uniform()
    return shares.firstIndex { share in
      rest -= share
      return rest < 0
    } ?? shares.count - 1
  }

  /// A sample of one component.
  public func pose(component: Int, using generator: inout PhiloxGenerator) -> MotionPose {
    let weights = (0..<directionCount).map { _ in min(max(generator.normal(), -Self.cut), Self.cut) }
    var pose = means[component]
    for (joint, turn) in turns(component: component, weights: weights).enumerated() {
      // The root may lean any way; the others are drawn back in quarters until they are within reach.
      let drawn = [1, 0.75, 0.5, 0.25].lazy.map { [mean = pose.rotations[joint]] in mean * Matrix3(axisAngle: $0 * turn)
      }
      let allowed = joint == 0 ? drawn.first : drawn.first { isWithinReach($0, joint) }
      pose.rotations[joint] = allowed ?? pose.rotations[joint]
    }
    return pose.facing(0)
  }

  /// How far each joint turns from the mean of a component, at `weights` deviations along its directions: rotation
  /// vectors in radians.
  func turns(component: Int, weights: [Double]) -> [SIMD3<Double>] {
    let joints = MotionJoint.allCases.count
    return (0..<joints).map { joint in
      weights.indices.reduce(into: SIMD3()) { turn, direction in
        turn += weights[direction] * directions[(component * directionCount + direction) * joints + joint]
      }
    }
  }

  private func isWithinReach(_ rotation: Matrix3, _ joint: Int) -> Bool {
    let vector = rotation.axisAngle
    let slack = 1e-3  // the table's rounding
    return all(vector .>= reach[joint].low - slack) && all(vector .<= reach[joint].high + slack)
  }
}
