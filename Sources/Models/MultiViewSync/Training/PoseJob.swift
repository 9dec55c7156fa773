import Datasets
import FileFormats
import Geometry
import Layers
import Training

/// Trains 3D poses from labelled pictures, from a pre-trained backbone or from random weights.
public final class PoseJob: TrainingJob {
  public let setup: MultiViewSyncSetup
  public let trainer: PoseTrainer
  private let device: any Device
  private let sampler: PoseImageSampler

  /// - Parameter resuming: whether a checkpoint will give the parameters; then `model.pretrained` is not read.
  public init(_ setup: MultiViewSyncSetup, resuming: Bool = false, on device: any Device) throws {
    self.setup = setup
    self.device = device
    let network = try setup.poseNetwork(on: device)
    network.initialize(seed: UInt64(setup.settings.seed))
    if !resuming, let path = setup.settings.model.pretrained { try network.load(BackboneWeights(path: path)) }
    trainer = PoseTrainer(network, decay: setup.settings.decay)
    sampler = try setup.labelledPictures()
  }

  public var stages: [TrainingStage] { [TrainingStage(name: "transfer", settings: setup.settings.transfer)] }

  public let lossNames = ["mse"]
  /// In millimetres.
  public let metricNames = ["mpjpe", "n_mpjpe", "pa_mpjpe"]

  public func batches(ofStage stage: Int) throws -> @Sendable (_ step: Int) throws -> PoseImageBatch {
    let (sampler, count, size) = (sampler, setup.settings.transfer.batch, setup.settings.data.imageSize)
    return { step in try sampler.batch(step, count: count, size: size) }
  }

  public func begin(stage: Int) throws {}

  public func step(_ batch: PoseImageBatch, _ context: StepContext) throws -> [String: Double] {
    var times: StepTimes?
    let width = MultiViewSyncArchitecture.poseValues
    let target = (0..<batch.count).flatMap { number in
      sampler.statistics.standardized(batch.joints[number * width..<(number + 1) * width].lazy.map(Double.init))
    }
    let loss = try trainer.step(
      Tensor(batch.pixels, [batch.count, batch.size, batch.size, 3], .float32, on: device),
      target: Tensor(target, [batch.count, width], .float32, on: device), learningRate: context.learningRate,
      initialRate: setup.settings.transfer.learningRate, times: &times)
    return ["mse": loss]
  }

  public func evaluate(stage: Int) throws -> [String: Double] {
    let errors = RootedPoseErrors.mean(
      of: try trainer.network.errors(
        at: setup.validationPlaces(), in: setup.recordings, size: setup.settings.data.imageSize,
        statistics: sampler.statistics))
    return ["mpjpe": errors.mpjpe, "n_mpjpe": errors.scaledMPJPE, "pa_mpjpe": errors.alignedMPJPE]
  }

  // MARK: - Checkpoints

  public func snapshot() throws -> Checkpoint {
    var checkpoint = try Checkpoint(trainer.network.parameters, identity: setup.identity)
    try trainer.optimizer.store(in: &checkpoint, from: device)
    sampler.statistics.store(in: &checkpoint)
    return checkpoint
  }

  public func restore(_ checkpoint: Checkpoint) throws {
    try checkpoint.load(into: trainer.network.parameters, identity: setup.identity)
    try trainer.optimizer.restore(checkpoint, on: device)
  }
}
