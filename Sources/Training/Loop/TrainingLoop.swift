import Compute
import Datasets
import Foundation
import Logging

/// How a run ended.
public enum TrainingOutcome: Sendable, Equatable {
  case finished
  /// Asked to stop; the latest checkpoint holds the state after the last step.
  case interrupted
}

/// Runs the stages of a job: steps, evaluations, checkpoints, metrics, progress.
///
/// After every epoch a line goes to metrics.csv and the state to checkpoints/latest.safetensors, so a run that
/// is killed loses at most one epoch. A run that is asked to stop finishes its step and loses nothing.
public final class TrainingLoop<Job: TrainingJob> {
  private let job: Job
  private let stages: [TrainingStage]
  private let folder: RunFolder
  private let bestMetric: String
  private let logger: Logger
  private let console: Console
  private let batchThreads: Int
  private let isInterrupted: () -> Bool
  private var state = LoopState()

  /// - Parameters:
  ///   - bestMetric: the checkpoint with the lowest value of this metric is kept as best.safetensors.
  ///   - batchThreads: how many make batches at a time; their number changes no bit.
  ///   - isInterrupted: asked after every step whether to stop.
  public init(
    job: Job, stages: [TrainingStage], folder: RunFolder, bestMetric: String, logger: Logger, console: Console,
    batchThreads: Int = 1, isInterrupted: @escaping () -> Bool = { Interrupts.isRequested }
  ) {
    self.job = job
    self.stages = stages
    self.folder = folder
    self.bestMetric = bestMetric
    self.logger = logger
    self.console = console
    self.batchThreads = batchThreads
    self.isInterrupted = isInterrupted
  }

  /// Trains to the end of the last stage, or until interrupted.
  ///
  /// - Parameter resuming: continue from the folder's latest checkpoint.
  /// - Throws: what the job throws; `.software` when a loss is no longer a number; `.cannotWrite` when the disk
  ///   is full, in which case the last checkpoint is still whole.
  public func run(resuming: Bool = false) throws -> TrainingOutcome {
    defer { console.clear() }
    if resuming {
      let checkpoint = try Checkpoint(path: folder.checkpoint(.latest))
      state = try LoopState(of: checkpoint)
      if state.position.stage < stages.count {
        try job.begin(stage: state.position.stage)
        try job.restore(checkpoint)
      }
      logger.info("resuming \(folder.path) after step \(completedSteps) of \(totalSteps)")
    } else {
      if !stages.isEmpty { try job.begin(stage: 0) }
      logger.info("training in \(folder.path): \(totalSteps) steps")
    }
    let metrics = try MetricsFile(
      path: folder.metrics, lossNames: job.lossNames, metricNames: job.metricNames, resumingAt: completedSteps)
    guard state.position.stage < stages.count else { return .finished }
    while state.position.stage < stages.count {
      if try !runStage(metrics) { return .interrupted }
    }
    try currentCheckpoint().write(to: folder.checkpoint(.final))
    return .finished
  }

  // MARK: - Stages and epochs

  /// Runs the rest of the current stage; false when interrupted.
  private func runStage(_ metrics: MetricsFile) throws -> Bool {
    let number = state.position.stage
    let stage = stages[number]
    guard stage.stepCount > 0 else {
      try enterNextStage()
      return true
    }
    let producer = BatchProducer(
      first: state.position.step, threads: batchThreads, make: try job.batches(ofStage: number))
    defer { producer.cancel() }
    while state.position.stage == number {
      var epoch = EpochClock(producer.waitedSeconds)
      let target = (state.position.step / stage.settings.stepsPerEpoch + 1) * stage.settings.stepsPerEpoch
      while state.position.step < target {
        try runStep(stage, producer, &epoch)
        if isInterrupted(), state.position.step < target {
          try saveInterrupted()
          return false
        }
      }
      try finishEpoch(stage, epoch, waited: producer.waitedSeconds, metrics)
      if isInterrupted(), state.position.stage < stages.count {
        logInterruption()
        return false
      }
    }
    return true
  }

  private func runStep(
    _ stage: TrainingStage, _ producer: BatchProducer<Job.Batch>, _ epoch: inout EpochClock
  ) throws {
    let completedEpochs = state.position.step / stage.settings.stepsPerEpoch
    let context = StepContext(
      position: state.position, completedEpochs: completedEpochs,
      learningRate: stage.settings.learningRate(completedSteps: state.position.step))
    let losses = try job.step(try producer.next(), context)
    for (name, value) in losses where !value.isFinite {
      throw ComputeError(
        .software, what: "\(stage.name), step \(state.position.step + 1): the \(name) loss is \(value)",
        why: "training has diverged: nothing after this step would be usable",
        mend: "lower the learning rate; the checkpoint of the last epoch is intact")
    }
    state.add(losses)
    state.position.step += 1
    epoch.stepCount += 1
    showProgress(stage, epoch)
  }

  /// Evaluation, metrics line, checkpoints: the state moves to the next epoch or stage.
  private func finishEpoch(
    _ stage: TrainingStage, _ epoch: EpochClock, waited: Double, _ metrics: MetricsFile
  ) throws {
    let settings = stage.settings
    let completed = state.position.step / settings.stepsPerEpoch
    let seconds = epoch.seconds
    let evaluates = completed % settings.evaluateEvery == 0 || completed == settings.epochs
    let measured = evaluates ? try job.evaluate(stage: state.position.stage) : [:]
    let record = EpochRecord(
      step: completedSteps, stage: stage.name, epoch: completed,
      learningRate: settings.learningRate(completedSteps: state.position.step - 1), losses: state.meanLosses(),
      metrics: measured, seconds: seconds, dataWait: seconds > 0 ? (waited - epoch.waitedBefore) / seconds : 0)
    try metrics.append(record)
    log(record, of: settings.epochs)
    state.clearLosses()
    var isBest = false
    if let value = measured[bestMetric], value < state.best ?? .infinity {
      state.best = value
      isBest = true
    }
    if state.position.step == stage.stepCount { try enterNextStage() }
    let checkpoint = try currentCheckpoint()
    try checkpoint.write(to: folder.checkpoint(.latest))
    if isBest { try checkpoint.write(to: folder.checkpoint(.best)) }
  }

  /// A snapshot is always taken after `begin` of the stage it stands in, as a resumed run will do.
  private func enterNextStage() throws {
    state.finishedSteps += state.position.step
    state.position = TrainingPosition(stage: state.position.stage + 1, step: 0)
    if state.position.stage < stages.count { try job.begin(stage: state.position.stage) }
  }

  // MARK: - Checkpoints

  private func currentCheckpoint() throws -> Checkpoint {
    var checkpoint = try job.snapshot()
    try state.store(in: &checkpoint)
    return checkpoint
  }

  private func saveInterrupted() throws {
    try currentCheckpoint().write(to: folder.checkpoint(.latest))
    logInterruption()
  }

  // MARK: - Progress

  private var completedSteps: Int { state.finishedSteps + state.position.step }
  private var totalSteps: Int { stages.reduce(0) { $0 + $1.stepCount } }

  /// The bar counts the steps of this stage; those of another one take another time.
  private func showProgress(_ stage: TrainingStage, _ epoch: EpochClock) {
    let epochNumber = min(state.position.step / stage.settings.stepsPerEpoch + 1, stage.settings.epochs)
    console.show(
      Progress(
        title: "\(stage.name) \(epochNumber)/\(stage.settings.epochs)", done: state.position.step,
        total: stage.stepCount,
        stepsPerSecond: epoch.seconds > 0 ? Double(epoch.stepCount) / epoch.seconds : 0,
        loss: job.lossNames.reversed().lazy.compactMap { [losses = state.meanLosses()] in losses[$0] }.first))
  }

  private func log(_ record: EpochRecord, of epochs: Int) {
    func list(_ names: [String], _ values: [String: Double]) -> String {
      names.compactMap { name in values[name].map { "\(name) " + String(format: "%.4g", $0) } }.joined(separator: ", ")
    }
    var text = "\(record.stage) \(record.epoch)/\(epochs): " + list(job.lossNames, record.losses)
    let metrics = list(job.metricNames, record.metrics)
    if !metrics.isEmpty { text += " | " + metrics }
    text += String(format: " | %@, %.1f%% waiting for data", Progress.duration(record.seconds), 100 * record.dataWait)
    logger.info("\(text)")
  }

  private func logInterruption() {
    logger.notice(
      "stopped after step \(completedSteps) of \(totalSteps); continue with: contrapposto train --resume \(folder.path)"
    )
  }
}

/// When an epoch began.
private struct EpochClock {
  private let begin = ContinuousClock.now
  /// Seconds that the stage had spent waiting for data until then.
  let waitedBefore: Double
  var stepCount = 0

  init(_ waited: Double) { waitedBefore = waited }

  var seconds: Double { (ContinuousClock.now - begin) / .seconds(1) }
}
