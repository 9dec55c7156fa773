import Compute

/// The mean Euclidean distance of corresponding points, in their unit.
public func meanDistance(_ a: [SIMD3<Double>], _ b: [SIMD3<Double>]) -> Double {
  precondition(a.count == b.count && !a.isEmpty, "meanDistance: \(a.count) and \(b.count) points")
  return zip(a, b).reduce(0) { $0 + norm($1.0 - $1.1) } / Double(a.count)
}

/// The mean distance after the best similarity of `points` onto `targets`: the PA (Procrustes-aligned) errors.
public func alignedMeanDistance(_ points: [SIMD3<Double>], _ targets: [SIMD3<Double>]) -> Double {
  let similarity = Similarity(aligning: points, to: targets)
  return meanDistance(points.map { similarity($0) }, targets)
}

/// The errors of one 3D pose.
public struct PoseErrors: Sendable, Equatable {
  /// Mean per-joint position error: both poses relative to their root, then the mean distance of the evaluated joints.
  public let mpjpe: Double
  /// The same after similarity alignment of the evaluated joints.
  public let alignedMPJPE: Double

  /// - Parameters:
  ///   - predicted, target: all joints of `set`; errors come out in their unit, by custom millimetres.
  public init(predicted: [SIMD3<Double>], target: [SIMD3<Double>], in set: JointSet) {
    precondition(predicted.count == set.count && target.count == set.count, "PoseErrors: poses are not of \(set.name)")
    let a = set.evaluated.map { predicted[$0] - predicted[set.root] }
    let b = set.evaluated.map { target[$0] - target[set.root] }
    mpjpe = meanDistance(a, b)
    alignedMPJPE = alignedMeanDistance(a, b)
  }
}

/// The errors of one mesh, all in millimetres.
public struct MeshErrors: Sendable, Equatable {
  /// Of the joints that the regressor finds in both meshes.
  public let joints: PoseErrors
  /// Mean per-vertex position error, both meshes relative to their root joint.
  public let mpvpe: Double
  /// The same after similarity alignment of all vertices.
  public let alignedMPVPE: Double

  /// - Parameters:
  ///   - predicted, target: vertices in metres.
  ///   - regressor: `[joints of set, vertices]`.
  ///   - set: the target joint set, which names the root and the evaluated joints.
  ///   - vertexRoot: `[1, vertices]`, the joint that vertex errors are relative to, if it is not the root of `set`.
  public init(
    predicted: [SIMD3<Double>], target: [SIMD3<Double>], regressor: CompressedRows, in set: JointSet,
    vertexRoot: CompressedRows? = nil
  ) {
    let a = predicted.map { $0 * 1000 }
    let b = target.map { $0 * 1000 }
    let jointsA = regressor.applied(to: a)
    let jointsB = regressor.applied(to: b)
    joints = PoseErrors(predicted: jointsA, target: jointsB, in: set)
    let rootA = vertexRoot?.applied(to: a)[0] ?? jointsA[set.root]
    let rootB = vertexRoot?.applied(to: b)[0] ?? jointsB[set.root]
    mpvpe = meanDistance(a.map { $0 - rootA }, b.map { $0 - rootB })
    alignedMPVPE = alignedMeanDistance(a, b)
  }
}

/// How far a predicted motion's acceleration is off: the mean distance of second differences, over inner frames and
/// joints, in the poses' unit per squared frame.
///
/// - Parameters:
///   - predicted, target: `[frames][joints]`, at least three frames.
public func accelerationError(predicted: [[SIMD3<Double>]], target: [[SIMD3<Double>]]) -> Double {
  precondition(predicted.count == target.count && target.count >= 3, "accelerationError: needs three frames of both")
  func secondDifferences(_ motion: [[SIMD3<Double>]]) -> [SIMD3<Double>] {
    var differences: [SIMD3<Double>] = []
    for t in 1..<(motion.count - 1) {
      for joint in motion[t].indices {
        let neighbours = motion[t - 1][joint] + motion[t + 1][joint]
        differences.append(neighbours - 2 * motion[t][joint])
      }
    }
    return differences
  }
  return meanDistance(secondDifferences(predicted), secondDifferences(target))
}

extension CompressedRows {
  /// The product with a list of points: joints from vertices, if the matrix is a joint regressor.
  public func applied(to points: [SIMD3<Double>]) -> [SIMD3<Double>] {
    precondition(points.count == columns, "a matrix of \(columns) columns was given \(points.count) points")
    return (0..<rows).map { r in row(r).reduce(SIMD3<Double>.zero) { $0 + points[$1.column] * $1.value } }
  }
}
