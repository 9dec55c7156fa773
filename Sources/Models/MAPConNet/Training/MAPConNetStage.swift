import Datasets
import Training

/// A stage of training and where its batches come from.
struct MAPConNetStage: Sendable {
  let stage: TrainingStage
  private let sampler: PoseTransferSampler
  private let firstStep: Int

  /// - Parameter isFirstOfTwo: whether another stage follows. The two draw from separate stretches of the batches.
  init(
    _ name: String, _ stage: StageSettings, of source: any PoseTransferSource, _ settings: MAPConNetSettings,
    isFirstOfTwo: Bool = false
  ) throws {
    self.stage = TrainingStage(name: name, settings: stage)
    sampler = try PoseTransferSampler(
      source, percentage: settings.data.labelled, usesUnlabelled: settings.data.usesUnlabelled,
      pairsPerEpoch: stage.stepsPerEpoch * stage.batch, batchSize: stage.batch, seed: UInt64(settings.seed))
    // Whole epochs, so that the schedule stays in step.
    firstStep = isFirstOfTwo ? stage.stepsPerEpoch << 20 : 0
  }

  /// What of all random draws belongs to this step.
  func number(ofStep step: Int) -> Int { firstStep + step }

  func batch(_ step: Int) throws -> PoseTransferBatch { try sampler.batch(number(ofStep: step)) }
}
