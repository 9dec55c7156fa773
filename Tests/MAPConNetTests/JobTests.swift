import Compute
import Datasets
import FileFormats
import TestSupport
import Testing
import Training

@testable import MAPConNet

@Suite struct JobTests {
  private func setup(labelled: Int, usesUnlabelled: Bool) throws -> MAPConNetSetup {
    try MAPConNetSetup(.tiny(labelled: labelled, usesUnlabelled: usesUnlabelled))
  }

  private func run(_ job: MAPConNetJob, steps: Range<Int>) throws -> [[String: Double]] {
    let batches = try job.batches(ofStage: 0)
    return try steps.map { step in
      try job.step(
        batches(step),
        StepContext(position: TrainingPosition(stage: 0, step: step), completedEpochs: 0, learningRate: 1e-3))
    }
  }

  /// Steps alternate as the schedule says, and a run that stops goes on with the same bits.
  @Test func aResumedSemiSupervisedRunGivesTheSameBits() throws {
    let device = Devices.each[0].device
    let setup = try setup(labelled: 50, usesUnlabelled: true)
    let whole = try MAPConNetJob(setup, on: device)
    let losses = try run(whole, steps: 0..<3)
    #expect(losses[0]["rec_loss"] != nil && losses[0]["rec_loss_cc"] == nil)
    #expect(losses[1]["rec_loss_cc"] != nil && losses[1]["rec_loss"] == nil)

    let first = try MAPConNetJob(setup, on: device)
    _ = try run(first, steps: 0..<2)
    let second = try MAPConNetJob(setup, on: device)
    try second.restore(first.snapshot())
    #expect(try run(second, steps: 2..<3) == [losses[2]])
    #expect(try second.snapshot() == whole.snapshot())
  }

  /// Random negatives follow from the seed and the step's number: nothing of them is in the checkpoint.
  @Test func aRunWithRandomNegativesResumesExactly() throws {
    let device = Devices.each[0].device
    var settings = MAPConNetSettings.tiny(labelled: 0, usesUnlabelled: true)
    settings.loss.pointNegatives = .random
    let setup = try MAPConNetSetup(settings)
    let whole = try MAPConNetJob(setup, on: device)
    let losses = try run(whole, steps: 0..<2)
    let first = try MAPConNetJob(setup, on: device)
    _ = try run(first, steps: 0..<1)
    let second = try MAPConNetJob(setup, on: device)
    try second.restore(first.snapshot())
    #expect(try run(second, steps: 1..<2) == [losses[1]])
    #expect(try second.snapshot() == whole.snapshot())
    // And they are others than the cyclic ones.
    settings.loss.pointNegatives = .cyclic
    let cyclic = try run(MAPConNetJob(MAPConNetSetup(settings), on: device), steps: 0..<1)
    #expect(cyclic[0]["rec_loss_cc"] == losses[0]["rec_loss_cc"])
    #expect(cyclic[0]["point_loss_cc"] != losses[0]["point_loss_cc"])
  }

  /// The coarse stage is there for bodies of several sizes only; it keeps the schedule and draws batches of its own.
  @Test func theCoarseStageDrawsItsOwnBatches() throws {
    var settings = MAPConNetSettings()
    #expect(settings.hasCoarseStage)
    settings.data.coarseVertices = settings.data.vertices
    #expect(!settings.hasCoarseStage)
    settings = MAPConNetSettings()
    settings.data.folder = "meshes"
    #expect(!settings.hasCoarseStage)

    let setup = try setup(labelled: 50, usesUnlabelled: true)
    #expect(setup.stages.map(\.stage.name) == ["training"])
    let stage = setup.settings.training
    let coarse = try MAPConNetStage("coarse", stage, of: setup.source, setup.settings, isFirstOfTwo: true)
    for step in 0..<stage.stepsPerEpoch {
      let (first, second) = (try coarse.batch(step), try setup.stages[0].batch(step))
      #expect(first.isSupervised == second.isSupervised)
      #expect(first.identityPoints != second.identityPoints)
    }
  }

  /// A network whose phi equals theta matches every vertex of a mesh with itself.
  @Test func theMatchedStartMatchesByPlace() throws {
    let setup = try setup(labelled: 100, usesUnlabelled: false)
    #expect(setup.settings.model.start == .matched)
    let network = try setup.untrainedNetwork(on: Devices.each[0].device)
    let parameters = network.parameters
    func weight(_ name: String) throws -> [Float] {
      try parameters.device.download(parameters.view("net.netCorr.\(name).weight"), as: Float.self)
    }
    #expect(try weight("phi") == weight("theta"))
    let errors = try setup.test.errors(of: network)
    let published = try MAPConNetNetwork(setup.settings.architecture, on: parameters.device)
    published.initialize(seed: 1)
    let atRandom = try setup.test.errors(of: published)
    #expect(TransferErrors.mean(of: errors.warped).pmd < 0.5 * TransferErrors.mean(of: atRandom.warped).pmd)
  }

  /// The baselines of a comparison: the identity mesh itself is no transfer, the target is a perfect one.
  @Test func theTargetHasNoError() throws {
    let setup = try setup(labelled: 100, usesUnlabelled: false)
    let perfect = try setup.test.errors { $0.groundTruth ?? [] }
    #expect(perfect.allSatisfy { $0.pmd < 1e-14 && $0.chamfer < 1e-14 && $0.edge < 1e-6 && $0.normal < 1e-3 })
    let unchanged = TransferErrors.mean(of: try setup.test.errors { $0.identityPoints })
    #expect(unchanged.pmd > 1e-4)
  }

  @Test func coreNetRefusesUnlabelledMeshes() {
    var settings = MAPConNetSettings()
    settings.model.kind = .corenet
    settings.data.usesUnlabelled = true
    let error = #expect(throws: ComputeError.self) { try settings.validate() }
    #expect(error?.what == "model.kind is corenet")
  }
}
