import Datasets
import Geometry
import Layers

/// Mean errors over samples, in millimetres.
public struct MeanErrors: Sendable, Equatable {
  public var mpjpe = 0.0
  public var alignedMPJPE = 0.0
  public var mpvpe = 0.0
  public var alignedMPVPE = 0.0
}

/// Errors of predictions on a fixed run of samples.
public struct Pose2MeshEvaluation {
  private let setup: Pose2MeshSetup
  private let batches: [Range<Int>]
  private let sampler: ProjectedBodySampler

  public init(_ setup: Pose2MeshSetup, _ sampler: ProjectedBodySampler, count: Int, batch: Int = 32) {
    self.setup = setup
    self.sampler = sampler
    batches = stride(from: 0, to: count, by: batch).map { $0..<min($0 + batch, count) }
  }

  /// PoseNet alone, against the 3D joints of its own set.
  public func poseErrors(of network: Pose2MeshNetwork) throws -> MeanErrors {
    let device = network.parameters.device
    let set = setup.jointSet
    var errors: [PoseErrors] = []
    for range in batches {
      let batch = sampler.batch(samples: range)
      let input = Tensor(batch.pose2D, [batch.count, set.count, 2], .float32, on: device)
      let predicted = network.poseNet(input, ForwardPass(network.parameters, isTraining: false))
      let joints = points(try device.download(predicted.view, as: Float.self), perSample: set.count)
      for (a, b) in zip(joints, points(batch.liftJoints, perSample: set.count)) {
        errors.append(PoseErrors(predicted: a, target: b, in: set))
      }
    }
    let count = Double(errors.count)
    return MeanErrors(
      mpjpe: errors.reduce(0) { $0 + $1.mpjpe } / count,
      alignedMPJPE: errors.reduce(0) { $0 + $1.alignedMPJPE } / count)
  }

  /// The network's meshes against the true ones.
  public func meshErrors(of network: Pose2MeshNetwork) throws -> MeanErrors {
    try meshErrors { batch in try network.predict(batch.pose2D, count: batch.count).mesh }
  }

  /// Any predictor's meshes against the true ones: `[batch, vertices, 3]` in metres.
  public func meshErrors(of predict: (SampleBatch) throws -> [Float]) throws -> MeanErrors {
    let target = setup.jointSet.target
    let regressor = try setup.body.jointRegressor(target)
    var errors: [MeshErrors] = []
    for range in batches {
      let batch = sampler.batch(samples: range)
      let meshes = points(try predict(batch), perSample: setup.body.vertexCount)
      for (a, b) in zip(meshes, points(batch.mesh, perSample: setup.body.vertexCount)) {
        errors.append(MeshErrors(predicted: a, target: b, regressor: regressor, in: target))
      }
    }
    let count = Double(errors.count)
    return MeanErrors(
      mpjpe: errors.reduce(0) { $0 + $1.joints.mpjpe } / count,
      alignedMPJPE: errors.reduce(0) { $0 + $1.joints.alignedMPJPE } / count,
      mpvpe: errors.reduce(0) { $0 + $1.mpvpe } / count,
      alignedMPVPE: errors.reduce(0) { $0 + $1.alignedMPVPE } / count)
  }
}

/// Flat `[samples, points, 3]` as points per sample.
public func points(_ flat: [Float], perSample count: Int) -> [[SIMD3<Double>]] {
  stride(from: 0, to: flat.count, by: 3 * count).map { start in
    stride(from: start, to: start + 3 * count, by: 3).map {
      SIMD3(Double(flat[$0]), Double(flat[$0 + 1]), Double(flat[$0 + 2]))
    }
  }
}

extension Pose2MeshNetwork {
  /// Predicts without recording, with running statistics.
  ///
  /// - Parameter pose2D: `[count, joints, 2]`, standardised.
  /// - Returns: `pose3D` `[count, joints, 3]` in millimetres and `mesh` `[count, vertices, 3]` in metres.
  public func predict(_ pose2D: [Float], count: Int) throws -> (pose3D: [Float], mesh: [Float]) {
    let device = parameters.device
    let input = Tensor(pose2D, [count, architecture.jointSet.count, 2], .float32, on: device)
    let output = self(input, ForwardPass(parameters, isTraining: false))
    return (
      try device.download(output.pose3D.view, as: Float.self), try device.download(output.mesh.view, as: Float.self)
    )
  }
}
