import Compute
import Geometry

extension PoseTransferRange {
  /// The labelled and the unlabelled part: `percentage` of the identities and of the poses, drawn without replacement,
  /// and the rest of both.
  ///
  /// Counts are rounded half to even, as in the released code: half of 29 identities are 14.
  func labelled(percentage: Int, seed: UInt64) -> [PoseTransferSchedule.Subset: PoseTransferRange] {
    func parts(_ numbers: [Int], _ stream: Int) -> (labelled: [Int], unlabelled: [Int]) {
      var random = PoseTransferStream.half.generator(seed: seed, number: stream)
      let count = Int((Double(numbers.count * percentage) / 100).rounded(.toNearestOrEven))
      let order = random.permutation(of: numbers.count).map(Int.init)
      return (order.prefix(count).sorted().map { numbers[$0] }, order.dropFirst(count).sorted().map { numbers[$0] })
    }
    let (identities, poses) = (parts(identities, 0), parts(poses, 1))
    return [
      .labelled: PoseTransferRange(identities: identities.labelled, poses: poses.labelled),
      .unlabelled: PoseTransferRange(identities: identities.unlabelled, poses: poses.unlabelled),
    ]
  }
}

/// Checks that a part of a set has meshes at all, and so many poses per identity.
///
/// - Throws: `ComputeError` of kind `.configuration`.
func requireMeshes(in range: PoseTransferRange, poses: Int = 1, _ name: String) throws {
  guard !range.identities.isEmpty, range.poses.count >= poses else {
    throw ComputeError(
      .configuration,
      what: "\(name) has \(range.identities.count) identities and \(range.poses.count) poses",
      why: "samples need an identity, and \(poses == 1 ? "a pose" : "\(poses) poses of it")",
      mend: "give it more identities and poses")
  }
}
