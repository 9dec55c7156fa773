import Datasets
import FileFormats
import Geometry
import Layers
import Training

/// Trains Pose2Mesh: stage 0 lifts 2D poses to 3D, stage 1 trains the whole cascade.
public final class Pose2MeshJob: TrainingJob {
  public let setup: Pose2MeshSetup
  public let trainer: Pose2MeshTrainer
  private let device: any Device

  public init(_ setup: Pose2MeshSetup, on device: any Device) throws {
    self.setup = setup
    self.device = device
    let network = try setup.network(on: device)
    network.initialize(seed: UInt64(setup.settings.seed))
    trainer = Pose2MeshTrainer(network, try setup.loss(on: device), seed: UInt64(setup.settings.seed))
  }

  public var stages: [TrainingStage] {
    [
      TrainingStage(name: "lift", settings: setup.settings.lift),
      TrainingStage(name: "cascade", settings: setup.settings.cascade),
    ]
  }

  public let lossNames = ["vertex", "normal", "edge", "joint", "lift", "total"]
  public let metricNames = ["lift_mpjpe", "lift_pa_mpjpe", "mpjpe", "pa_mpjpe", "mpvpe"]

  /// The two stages draw from separate stretches of the sample sequence.
  public func batches(ofStage stage: Int) throws -> @Sendable (_ step: Int) throws -> SampleBatch {
    let sampler = stage == 0 ? try setup.training.jointsOnly() : setup.training
    let size = stages[stage].settings.batch
    let first = stage << 40
    return { step in sampler.batch(samples: first + step * size..<first + (step + 1) * size) }
  }

  public func begin(stage: Int) throws { trainer.resetOptimizer() }

  public func step(_ batch: SampleBatch, _ context: StepContext) throws -> [String: Double] {
    if context.position.stage == 0 {
      // These batches have no meshes.
      let inputs = LiftInputs(batch, setup.jointSet, on: device)
      let lift = try trainer.liftStep(
        inputs.pose2D, lift: inputs.lift, valid: inputs.liftValid, learningRate: context.learningRate)
      return ["lift": lift * setup.settings.loss.lift]
    }
    let inputs = Pose2MeshInputs(batch, setup, on: device)
    var weights = setup.settings.lossWeights
    if context.completedEpochs < setup.settings.loss.edgeStart { weights.edge = 0 }
    var times: StepTimes?
    let terms = try trainer.cascadeStep(
      inputs.pose2D, inputs.targets, weights: weights, learningRate: context.learningRate, times: &times)
    return Dictionary(
      uniqueKeysWithValues: terms.map { ($0.name, $0.value) } + [("total", terms.reduce(0) { $0 + $1.value })])
  }

  public func evaluate(stage: Int) throws -> [String: Double] {
    let evaluation = Pose2MeshEvaluation(setup, setup.validation, count: setup.settings.data.evaluationSamples)
    if stage == 0 {
      let errors = try evaluation.poseErrors(of: trainer.network)
      return ["lift_mpjpe": errors.mpjpe, "lift_pa_mpjpe": errors.alignedMPJPE]
    }
    let errors = try evaluation.meshErrors(of: trainer.network)
    return ["mpjpe": errors.mpjpe, "pa_mpjpe": errors.alignedMPJPE, "mpvpe": errors.mpvpe]
  }

  // MARK: - Checkpoints

  private static let meanSquares = CheckpointContract.statePrefix + "mean_squares"
  private static let randomOffset = "random_offset"

  public func snapshot() throws -> Checkpoint {
    var checkpoint = try Checkpoint(trainer.network.parameters, identity: setup.identity)
    checkpoint.tensors[Self.meanSquares] = try HostTensor(downloading: trainer.optimizer.meanSquares, from: device)
    checkpoint.metadata[Self.randomOffset] = String(trainer.random.offset)
    return checkpoint
  }

  public func restore(_ checkpoint: Checkpoint) throws {
    try checkpoint.load(into: trainer.network.parameters, identity: setup.identity)
    let state = try checkpoint.tensor(Self.meanSquares, shape: trainer.optimizer.meanSquares.shape)
    guard let offset = UInt64(try checkpoint.metadata(Self.randomOffset)) else {
      throw ComputeError(
        .configuration, what: "\(checkpoint.source): \(Self.randomOffset) is not a number",
        why: "a resumed run repeats the random numbers from there", mend: "resume from a checkpoint that training wrote"
      )
    }
    state.upload(to: trainer.optimizer.meanSquares, on: device)
    trainer.random.offset = offset
  }
}

/// What PoseNet needs of one batch, on the device.
struct LiftInputs {
  let pose2D, lift, liftValid: Tensor

  init(_ batch: SampleBatch, _ joints: JointSet, on device: any Device) {
    func tensor(_ values: [Float], _ width: Int) -> Tensor {
      Tensor(values, [batch.count, joints.count, width], .float32, on: device)
    }
    pose2D = tensor(batch.pose2D, 2)
    lift = tensor(batch.liftJoints, 3)
    liftValid = tensor(batch.liftValid, 1)
  }
}

/// One batch with its meshes, on the device.
struct Pose2MeshInputs {
  let pose2D: Tensor
  let targets: Pose2MeshTargets

  init(_ batch: SampleBatch, _ setup: Pose2MeshSetup, on device: any Device) {
    let target = setup.jointSet.target.count
    let vertices = setup.body.vertexCount
    func tensor(_ values: [Float], _ shape: [Int]) -> Tensor {
      Tensor(values, [batch.count] + shape, .float32, on: device)
    }
    let poses = LiftInputs(batch, setup.jointSet, on: device)
    pose2D = poses.pose2D
    targets = Pose2MeshTargets(
      mesh: tensor(batch.mesh, [vertices, 3]), meshValid: tensor(batch.meshValid, [vertices, 1]),
      joints: tensor(batch.targetJoints, [target, 3]), jointsValid: tensor(batch.targetValid, [target, 1]),
      lift: poses.lift, liftValid: poses.liftValid)
  }
}
