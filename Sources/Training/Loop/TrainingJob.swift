import Compute

/// Where a run stands: a stage and the number of steps completed in it.
public struct TrainingPosition: Codable, Sendable, Equatable {
  /// Counts from 0; equal to the number of stages when all are done.
  public var stage: Int
  public var step: Int

  public init(stage: Int, step: Int) {
    self.stage = stage
    self.step = step
  }
}

/// One stage of a run: "pose lifter", then "cascade".
public struct TrainingStage: Sendable {
  public let name: String
  public let settings: StageSettings

  public init(name: String, settings: StageSettings) {
    self.name = name
    self.settings = settings
  }

  var stepCount: Int { settings.epochs * settings.stepsPerEpoch }
}

/// What one step is told.
public struct StepContext: Sendable {
  /// Before this step.
  public let position: TrainingPosition
  /// Completed epochs of this stage.
  public let completedEpochs: Int
  public let learningRate: Double

  public init(position: TrainingPosition, completedEpochs: Int, learningRate: Double) {
    self.position = position
    self.completedEpochs = completedEpochs
    self.learningRate = learningRate
  }
}

/// What a model implements to be trained.
///
/// A run can stop after any step and continue with the same bits. For that, batch i of a stage is a function
/// of the seed and i alone, everything random in a step is a function of the seed and its position, and
/// `snapshot()` holds all that a step reads: parameters, running statistics and the optimiser's state.
public protocol TrainingJob: AnyObject {
  associatedtype Batch: Sendable

  /// The columns that `step` and `evaluate` fill, over all stages.
  var lossNames: [String] { get }
  var metricNames: [String] { get }

  /// Makes the batches of a stage, by step. Called from background threads, a few steps ahead.
  func batches(ofStage stage: Int) throws -> @Sendable (_ step: Int) throws -> Batch

  /// Prepares a stage: a fresh optimiser, what is trained. A resumed run calls `restore` right after.
  func begin(stage: Int) throws

  /// Forward, backward and one update of the parameters; returns the losses by name.
  func step(_ batch: Batch, _ context: StepContext) throws -> [String: Double]

  /// Errors on data that training never saw, by name; lower is better.
  func evaluate(stage: Int) throws -> [String: Double]

  func snapshot() throws -> Checkpoint

  /// Takes the state of a snapshot. Throws `.configuration` when it does not fit.
  func restore(_ checkpoint: Checkpoint) throws
}
