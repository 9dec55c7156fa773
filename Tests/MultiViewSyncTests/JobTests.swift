import Compute
import Datasets
import FileFormats
import Geometry
import Layers
import TestSupport
import Testing
import Training

@testable import MultiViewSync

extension MultiViewSyncSettings {
  /// A run of a few small pictures and a narrow network.
  static func tiny(_ task: Task) -> MultiViewSyncSettings {
    var settings = MultiViewSyncSettings()
    settings.task = task
    settings.model.width = 2
    settings.data.imageSize = 32
    settings.data.leastPoseDifference = 0
    (settings.data.validationTuples, settings.data.validationPictures, settings.data.testPairs) = (4, 6, 3)
    for stage in [\MultiViewSyncSettings.pretraining, \.transfer] {
      (settings[keyPath: stage].epochs, settings[keyPath: stage].stepsPerEpoch) = (2, 2)
      settings[keyPath: stage].batch = 2
    }
    return settings
  }
}

@Suite struct JobTests {
  private let device = Devices.each[0].device

  private func setup(_ settings: MultiViewSyncSettings) throws -> MultiViewSyncSetup {
    try MultiViewSyncSetup(settings, recordings: StripedRecordings(), summary: "stripes")
  }

  private func run<Job: TrainingJob>(_ job: Job, _ settings: StageSettings, steps: Range<Int>) throws -> [[String:
    Double]]
  {
    let batches = try job.batches(ofStage: 0)
    return try steps.map { step in
      try job.step(
        batches(step),
        StepContext(
          position: TrainingPosition(stage: 0, step: step), completedEpochs: 0,
          learningRate: settings.learningRate(completedSteps: step)))
    }
  }

  /// A run that stops goes on with the same bits: parameters, running statistics, moments.
  @Test(arguments: ViewFusion.allCases)
  func aResumedPretextRunGivesTheSameBits(_ fusion: ViewFusion) throws {
    var settings = MultiViewSyncSettings.tiny(.pretext)
    settings.model.fusion = fusion
    let setup = try setup(settings)
    let whole = try PretextJob(setup, on: device)
    let losses = try run(whole, settings.pretraining, steps: 0..<3)
    #expect(losses.allSatisfy { $0.count == 5 && $0.values.allSatisfy(\.isFinite) })
    let first = try PretextJob(setup, on: device)
    _ = try run(first, settings.pretraining, steps: 0..<2)
    let second = try PretextJob(setup, resuming: true, on: device)
    try second.restore(first.snapshot())
    #expect(try run(second, settings.pretraining, steps: 2..<3) == [losses[2]])
    #expect(try second.snapshot() == whole.snapshot())
  }

  @Test func aResumedPoseRunGivesTheSameBits() throws {
    var settings = MultiViewSyncSettings.tiny(.pose)
    settings.model.frozenStages = 3
    let setup = try setup(settings)
    let whole = try PoseJob(setup, on: device)
    let losses = try run(whole, settings.transfer, steps: 0..<3)
    let first = try PoseJob(setup, on: device)
    let start = try first.snapshot()
    _ = try run(first, settings.transfer, steps: 0..<2)
    let middle = try first.snapshot()
    let second = try PoseJob(setup, resuming: true, on: device)
    try second.restore(middle)
    #expect(try run(second, settings.transfer, steps: 2..<3) == [losses[2]])
    #expect(try second.snapshot() == whole.snapshot())
    // Frozen stages are in the checkpoint and stay as they were, statistics and counters too; the rest moves.
    for (name, tensor) in start.tensors where !name.hasPrefix(CheckpointContract.statePrefix) {
      let isFrozen = name.hasPrefix("backbone.") && !name.hasPrefix("backbone.layer4.")
      #expect((middle.tensors[name] == tensor) == isFrozen, "\(name)")
    }
    #expect(try PoseStatistics(of: middle) == setup.labelledPictures().statistics)
  }

  /// Training by heart: whole batches of the first tuples, over and over.
  @Test func fewTuplesComeAgain() throws {
    var settings = MultiViewSyncSettings.tiny(.pretext)
    settings.data.trainingTuples = 5
    let batches = try PretextJob(setup(settings), on: device).batches(ofStage: 0)
    let pixels = try (0..<4).map { try batches($0).pixels }
    #expect(pixels[0] == pixels[2] && pixels[1] == pixels[3] && pixels[0] != pixels[1])
    settings.data.trainingTuples = 1
    #expect(throws: ComputeError.self) { try settings.validate() }
  }

  /// Evaluation reports every column, changes nothing, and does not depend on the batch size.
  @Test func evaluationLeavesTheNetworkAlone() throws {
    let pretext = try PretextJob(setup(.tiny(.pretext)), on: device)
    let before = try pretext.snapshot()
    let metrics = try pretext.evaluate(stage: 0)
    #expect(Set(metrics.keys) == Set(pretext.metricNames))
    #expect(try pretext.snapshot() == before)
    let pose = try PoseJob(setup(.tiny(.pose)), on: device)
    #expect(Set(try pose.evaluate(stage: 0).keys) == Set(pose.metricNames))
  }

  /// A pose network learns one batch by heart: gradients reach everything.
  @Test func aPoseNetworkLearns() throws {
    var settings = MultiViewSyncSettings.tiny(.pose)
    settings.model.width = 4
    settings.transfer.batch = 8
    let job = try PoseJob(setup(settings), on: device)
    let batch = try job.batches(ofStage: 0)(0)
    let losses = try (0..<60).compactMap { step in
      try job.step(
        batch,
        StepContext(
          position: TrainingPosition(stage: 0, step: step), completedEpochs: 0, learningRate: 3e-3))["mse"]
    }
    #expect(losses[59] < 0.1 * losses[0], "mse \(losses[0]) to \(losses[59])")
  }

  /// The comparisons that `evaluate` writes.
  @Test func comparisons() throws {
    let pretext = try PretextJob(setup(.tiny(.pretext)), on: device)
    let sync = try SyncComparison(pretext.setup, pretext.trainer.network)
    #expect(sync.rows.map(\.gap) == stride(from: 8, through: 128, by: 8).map { Double($0) / 50 })
    let shares = sync.rows.flatMap { [$0.unseen, $0.seen].compactMap { $0 } }
    #expect(shares.count == 2 * sync.rows.count)
    #expect(shares.allSatisfy { (0...1).contains($0.sync) && (0...1).contains($0.noflip) })
    #expect(sync.cells.allSatisfy { $0.count == SyncComparison.columns.count })

    let pose = try PoseJob(setup(.tiny(.pose)), on: device)
    let statistics = try pose.setup.labelledPictures().statistics
    let poses = try PoseComparison(pose.setup, [("own", pose.trainer.network, statistics)])
    #expect(poses.rows.map(\.name) == ["own", "mean of the labelled poses"])
    #expect(poses.rows.allSatisfy { $0.errors.scaledMPJPE > 0 && $0.errors.alignedMPJPE > 0 } && poses.actions.isEmpty)
  }

  /// Takes that are named by what people do and numbered are told apart.
  @Test func errorsByAction() throws {
    let takes = ["Walking-1", "Walking-2", "Sitting-1"]
    let setup = try MultiViewSyncSetup(
      .tiny(.pose), recordings: StripedRecordings(testTakes: takes), summary: "stripes")
    let network = try PoseJob(setup, on: device).trainer.network
    let poses = try PoseComparison(setup, [("own", network, setup.labelledPictures().statistics)])
    #expect(poses.actions.map(\.name) == ["Sitting", "Walking"])
    // All takes have as many pictures.
    let (sitting, walking) = (poses.actions[0].errors.mpjpe, poses.actions[1].errors.mpjpe)
    #expect(sitting != walking && abs((sitting + 2 * walking) / 3 - poses.rows[0].errors.mpjpe) < 1e-9)
    #expect(poses.cells.map(\.first) == ["own", "mean of the labelled poses", "Sitting", "Walking"])
    #expect(poses.cells.allSatisfy { $0.count == PoseComparison.columns.count })
  }

  /// A network judges the same pair alike from features kept on the host and in one pass.
  @Test func judgementsFromFeatures() throws {
    let job = try PretextJob(setup(.tiny(.pretext)), on: device)
    let network = job.trainer.network
    let batch = try job.setup.tuples(of: .test).batch(0, count: 3, size: 32)
    let pass = ForwardPass(network.parameters, isTraining: false)
    let direct = network.logits(
      network.features(batch.pictures(on: device), pass), batch.picturePairs(on: device), pass)
    let shots = try job.setup.tuples(of: .test).tuples(step: 0, count: 3)
    func mirrored(_ shot: MultiViewShot) -> MultiViewShot {
      var shot = shot
      shot.augmentation.isMirrored.toggle()
      return shot
    }
    let pictures = shots.map(\.a) + shots.map(\.b) + shots.map(\.c) + shots.map { mirrored($0.b) }
    let features = try network.features(of: pictures, in: job.setup.recordings, size: 32)
    let judged = try network.judge(features, pairs: batch.pairs.map { (Int($0.x), Int($0.y)) })
    #expect(mismatch(judged.sync, try direct.sync.doubles(), relative: 1e-4, absolute: 1e-5) == nil)
    #expect(mismatch(judged.noflip, try direct.noflip.doubles(), relative: 1e-4, absolute: 1e-5) == nil)
  }

  @Test func unusableSettingsAreNamed() {
    func what(_ change: (inout MultiViewSyncSettings) -> Void) -> String? {
      var settings = MultiViewSyncSettings()
      change(&settings)
      return #expect(throws: ComputeError.self) { try settings.validate() }?.what
    }
    #expect(what { $0.data.imageSize = 16 } == "data.imageSize is 16")
    #expect(what { $0.model.frozenStages = 5 } == "model.frozenStages is 5")
    #expect(what { $0.model.width = 0 } == "model.width is 0")
    #expect(what { ($0.loss.sync, $0.loss.flip) = (0, 0) } == "loss.sync and loss.flip is 0")
    var settings = MultiViewSyncSettings()
    #expect(settings.frozenStages == 0)
    settings.model.pretrained = "runs/x"
    #expect(settings.frozenStages == 3)
  }
}
