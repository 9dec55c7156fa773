import Datasets
import FileFormats
import Layers
import Training

/// Trains MAPConNet or 3D-CoreNet; each step is supervised or not, as the schedule says.
public final class MAPConNetJob: TrainingJob {
  public let setup: MAPConNetSetup
  public let trainer: MAPConNetTrainer
  private let device: any Device

  /// - Parameter resuming: whether a checkpoint will give the parameters; then the files of `model.weights` are not read.
  public init(_ setup: MAPConNetSetup, resuming: Bool = false, on device: any Device) throws {
    self.setup = setup
    self.device = device
    let network = try setup.initializedNetwork(on: device)
    if !resuming, !setup.settings.model.weights.isEmpty {
      try MAPConNetWeights(setup.settings).contents.load(into: network.parameters, identity: setup.identity)
    }
    trainer = MAPConNetTrainer(network, loss: setup.settings.activeLoss, seed: UInt64(setup.settings.seed))
  }

  public var stages: [TrainingStage] { setup.stages.map(\.stage) }

  public let lossNames =
    [
      "edge_loss", "rec_loss", "mesh_loss", "point_loss", "edge_loss_cc", "rec_loss_cc", "mesh_loss_cc",
      "point_loss_cc",
    ]
    + ["mesh_loss_fp", "point_loss_fp", "edge_loss_sc", "rec_loss_sc", "mesh_loss_sc", "point_loss_sc", "total"]
  /// In 1e-3 square metres, as published tables give them.
  public let metricNames = ["pmd", "chamfer", "warped_pmd"]

  public func batches(ofStage stage: Int) throws -> @Sendable (_ step: Int) throws -> PoseTransferBatch {
    let stage = setup.stages[stage]
    return { step in try stage.batch(step) }
  }

  /// The optimiser goes on through the stages.
  public func begin(stage: Int) throws {}

  public func step(_ batch: PoseTransferBatch, _ context: StepContext) throws -> [String: Double] {
    var times: StepTimes?
    let terms = try trainer.step(
      MAPConNetBatch(batch, edges: setup.settings.loss.edgeAverage, on: device),
      batch.isSupervised ? .supervised : .unsupervised,
      number: setup.stages[context.position.stage].number(ofStep: context.position.step),
      learningRate: context.learningRate, times: &times)
    return Dictionary(
      uniqueKeysWithValues: terms.map { ($0.name, $0.value) } + [("total", terms.reduce(0) { $0 + $1.value })])
  }

  public func evaluate(stage: Int) throws -> [String: Double] {
    let errors = try setup.validation.errors(of: trainer.network)
    let (refined, warped) = (TransferErrors.mean(of: errors.refined), TransferErrors.mean(of: errors.warped))
    return ["pmd": 1000 * refined.pmd, "chamfer": 1000 * refined.chamfer, "warped_pmd": 1000 * warped.pmd]
  }

  // MARK: - Checkpoints

  private static let secondMoments = CheckpointContract.statePrefix + "second_moments"
  private static let stepCount = "optimizer_steps"

  public func snapshot() throws -> Checkpoint {
    var checkpoint = try Checkpoint(trainer.network.parameters, identity: setup.identity)
    checkpoint.tensors[Self.secondMoments] = try HostTensor(
      downloading: trainer.optimizer.secondMoments, from: device)
    checkpoint.metadata[Self.stepCount] = String(trainer.optimizer.stepCount)
    return checkpoint
  }

  public func restore(_ checkpoint: Checkpoint) throws {
    try checkpoint.load(into: trainer.network.parameters, identity: setup.identity)
    let state = try checkpoint.tensor(Self.secondMoments, shape: trainer.optimizer.secondMoments.shape)
    guard let count = Int(try checkpoint.metadata(Self.stepCount)) else {
      throw ComputeError(
        .configuration, what: "\(checkpoint.source): \(Self.stepCount) is not a number",
        why: "Adam corrects its bias by it", mend: "resume from a checkpoint that training wrote")
    }
    state.upload(to: trainer.optimizer.secondMoments, on: device)
    trainer.optimizer.stepCount = count
  }
}
