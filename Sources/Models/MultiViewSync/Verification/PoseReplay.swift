import Datasets
import FileFormats
import Geometry
import Layers
import Training

/// Replays the pose network: a pass over pictures, the errors of its poses, and in training one step.
struct PoseReplay: MultiViewSyncReplay {
  private let shared: NetworkReplay

  init(_ reference: ReferenceFile, _ configuration: MultiViewSyncConfiguration, trains: Bool) {
    shared = NetworkReplay(reference: reference, configuration: configuration, trains: trains)
  }

  func rows(_ key: String, computed: HostTensor?, _ reference: HostTensor) -> [VerificationRow] {
    shared.rows(key, computed: computed, reference)
  }

  var float32Caution: String? { shared.float32Caution }

  func compute() throws -> [(name: String, tensor: HostTensor)] {
    let (reference, configuration) = (shared.reference, shared.configuration)
    let network = try PoseNetwork(
      configuration.architecture, frozenStages: configuration.frozenStages, reference.elementType,
      on: reference.device)
    try reference.loadParameters(into: network.parameters)
    let tape = shared.trains ? Tape() : nil
    let pass = ForwardPass(network.parameters, isTraining: shared.trains, tape: tape)

    var result: [(name: String, tensor: HostTensor)] = []
    var taps: [(String, Tensor)] = []
    let predicted = network(try shared.pictures(), pass) { taps.append(($0, $1)) }
    for (name, tensor) in taps { result.append(("output/\(name)", try shared.stored(tensor))) }

    let target = try self.target()
    result += try outputs(predicted, target.poses, target.values, target.statistics)
    let loss = poseLoss(
      predicted, Tensor(target.values.flatMap { $0 }, predicted.shape, reference.elementType, on: reference.device))
    let value = shared.scalar(try loss.doubles()[0])
    result += [("loss/mse", value), ("loss/total", value)]
    guard let tape else { return result }
    tape.backward(from: [loss])
    return result + (try shared.update(network.parameters))
  }

  /// The poses, their standardised values, and what standardises them.
  private func target() throws -> (poses: [[SIMD3<Double>]], values: [[Double]], statistics: PoseStatistics) {
    let contents = shared.reference.contents
    let poses = multiViewPoses(
      try contents.tensor("input/pose3d", shape: [nil, MultiViewSyncArchitecture.joints, 3]).doubles())
    let statistics = PoseStatistics(
      mean: try contents.tensor("input/pose_mean", shape: [16, 3]).doubles(),
      deviation: try contents.tensor("input/pose_std", shape: [16, 3]).doubles())
    return (poses, poses.map { statistics.standardized(relativeCoordinates($0)) }, statistics)
  }

  private func outputs(
    _ predicted: Tensor, _ poses: [[SIMD3<Double>]], _ target: [[Double]], _ statistics: PoseStatistics
  ) throws -> [(name: String, tensor: HostTensor)] {
    let values = try predicted.doubles()
    let width = MultiViewSyncArchitecture.poseValues
    let joints = poses.indices.map { statistics.joints(values[$0 * width..<($0 + 1) * width]) }
    let errors = zip(joints, poses).map { RootedPoseErrors(predicted: $0, target: $1) }
    func column(_ values: [Double]) -> HostTensor { HostTensor(values.map { Float($0) }) }
    return [
      ("output/pose_normalized", try shared.stored(predicted)),
      ("output/target_normalized", HostTensor(target.flatMap { $0.map { Float($0) } }, shape: [poses.count, width])),
      (
        "output/pose3d",
        HostTensor(
          joints.flatMap { $0.flatMap { [Float($0.x), Float($0.y), Float($0.z)] } },
          shape: [poses.count, MultiViewSyncArchitecture.joints, 3])
      ),
      ("output/mpjpe", column(errors.map(\.mpjpe))), ("output/n_mpjpe", column(errors.map(\.scaledMPJPE))),
      ("output/pa_mpjpe", column(errors.map(\.alignedMPJPE))),
    ]
  }
}
