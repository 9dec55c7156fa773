import Datasets
import FileFormats
import Layers
import Training

/// Trains the pretext task.
public final class PretextJob: TrainingJob {
  public let setup: MultiViewSyncSetup
  public let trainer: PretextTrainer
  private let device: any Device
  private let validation: MultiViewTupleSampler

  /// - Parameter resuming: whether a checkpoint will give the parameters; then `model.pretrained` is not read.
  public init(_ setup: MultiViewSyncSetup, resuming: Bool = false, on device: any Device) throws {
    self.setup = setup
    self.device = device
    let network = try setup.pretextNetwork(on: device)
    network.initialize(seed: UInt64(setup.settings.seed))
    if !resuming, let path = setup.settings.model.pretrained { try network.load(BackboneWeights(path: path)) }
    trainer = PretextTrainer(network, loss: setup.settings.pretextLoss, decay: setup.settings.decay)
    validation = try setup.tuples(of: setup.validationSplit)
  }

  public var stages: [TrainingStage] { [TrainingStage(name: "pretraining", settings: setup.settings.pretraining)] }

  public let lossNames = PretextLoss.names + ["total"]
  public let metricNames = PretextLoss.names + ["total", "sync_accuracy", "noflip_accuracy"]

  public func batches(ofStage stage: Int) throws -> @Sendable (_ step: Int) throws -> PretextBatch {
    let sampler = try setup.tuples(of: .train)
    let (count, size) = (setup.settings.pretraining.batch, setup.settings.data.imageSize)
    let batches = setup.settings.data.trainingTuples.map { $0 / count } ?? .max
    return { step in try sampler.batch(step % batches, count: count, size: size) }
  }

  public func begin(stage: Int) throws {}

  public func step(_ batch: PretextBatch, _ context: StepContext) throws -> [String: Double] {
    var times: StepTimes?
    let terms = try trainer.step(
      batch.pictures(on: device), batch.picturePairs(on: device),
      PretextTargets(tuples: batch.count, .float32, on: device), learningRate: context.learningRate,
      initialRate: setup.settings.pretraining.learningRate, times: &times)
    return withTotal(terms)
  }

  /// Losses and accuracies on tuples of people whom training never saw; the networks of no pass are changed.
  public func evaluate(stage: Int) throws -> [String: Double] {
    let measured = try trainer.network.measured(
      on: validation, tuples: setup.settings.data.validationTuples, batch: setup.settings.pretraining.batch,
      size: setup.settings.data.imageSize, loss: setup.settings.pretextLoss)
    var metrics = withTotal(measured.terms)
    metrics["sync_accuracy"] = measured.sync
    metrics["noflip_accuracy"] = measured.noflip
    return metrics
  }

  private func withTotal(_ terms: [(name: String, value: Double)]) -> [String: Double] {
    Dictionary(
      uniqueKeysWithValues: terms.map { ($0.name, $0.value) } + [("total", terms.reduce(0) { $0 + $1.value })])
  }

  // MARK: - Checkpoints

  public func snapshot() throws -> Checkpoint {
    var checkpoint = try Checkpoint(trainer.network.parameters, identity: setup.identity)
    try trainer.optimizer.store(in: &checkpoint, from: device)
    return checkpoint
  }

  public func restore(_ checkpoint: Checkpoint) throws {
    try checkpoint.load(into: trainer.network.parameters, identity: setup.identity)
    try trainer.optimizer.restore(checkpoint, on: device)
  }
}

extension PretextBatch {
  /// `[4 B, size, size, 3]`.
  func pictures(on device: any Device) -> Tensor {
    Tensor(pixels, [4 * count, size, size, 3], .float32, on: device)
  }

  func picturePairs(on device: any Device) -> PicturePairs {
    PicturePairs(pairs.map { (Int($0.x), Int($0.y)) }, pictures: 4 * count, on: device)
  }
}
