import Compute
import Datasets
import FileFormats
import Foundation
import Logging
import MultiViewSync
import ToolSupport
import Training

/// Runs of the pretext task.
struct PretextSession: RunSession {
  static let model = "multiview-sync"
  static let bestMetric = "total"

  let setup: MultiViewSyncSetup
  let device: any Device

  var settings: MultiViewSyncSettings { setup.settings }

  init(_ settings: MultiViewSyncSettings, device: String) throws {
    self.device = try makeDevice(device)
    setup = try MultiViewSyncSetup(settings)
  }

  func makeJob(resuming: Bool) throws -> (job: PretextJob, stages: [TrainingStage]) {
    let job = try PretextJob(setup, resuming: resuming, on: device)
    return (job, job.stages)
  }

  func announce(to logger: Logger) { setup.announce(device, to: logger) }

  /// The network with the best parameters of a run.
  func network(of folder: RunFolder) throws -> PretextNetwork {
    let network = try setup.pretextNetwork(on: device)
    try Checkpoint(path: folder.bestCheckpoint()).load(into: network.parameters, identity: setup.identity)
    return network
  }

  private func comparison(_ network: PretextNetwork, _ folder: RunFolder) throws -> SyncComparison {
    let comparison = try SyncComparison(setup, network)
    try comparison.write(to: folder)
    return comparison
  }

  func evaluate(_ folder: RunFolder) throws -> String { try comparison(network(of: folder), folder).table }

  func report(on folder: RunFolder) throws -> String {
    let network = try network(of: folder)
    let comparison = try SyncComparison.read(folder) ?? comparison(network, folder)
    let records = try MetricsFile.read(folder.metrics)
    let shortcuts = try ShortcutRecord.read(PretextReport.shortcuts(in: folder))
    let page = try PretextReport(setup, network, comparison, shortcuts: shortcuts).page(
      records, facts: facts(folder, records, data: setup.summary))
    try page.write(to: URL(fileURLWithPath: folder.report))
    return comparison.table
  }
}

/// Runs of the pose task.
struct PoseSession: RunSession {
  static let model = PretextSession.model
  static let bestMetric = "mpjpe"

  let setup: MultiViewSyncSetup
  let device: any Device

  var settings: MultiViewSyncSettings { setup.settings }

  init(_ settings: MultiViewSyncSettings, device: String) throws {
    self.device = try makeDevice(device)
    setup = try MultiViewSyncSetup(settings)
  }

  func makeJob(resuming: Bool) throws -> (job: PoseJob, stages: [TrainingStage]) {
    let job = try PoseJob(setup, resuming: resuming, on: device)
    return (job, job.stages)
  }

  func announce(to logger: Logger) { setup.announce(device, to: logger) }

  /// The network with the best parameters of a run, and what its poses are standardised by.
  private func candidate(_ folder: RunFolder, _ settings: MultiViewSyncSettings) throws -> PoseComparison.Candidate {
    let checkpoint = try Checkpoint(path: folder.bestCheckpoint())
    let network = try PoseNetwork(settings.architecture, frozenStages: settings.frozenStages, on: device)
    try checkpoint.load(into: network.parameters, identity: settings.identity)
    let name = URL(fileURLWithPath: folder.path).lastPathComponent
    return (name, network, try PoseStatistics(of: checkpoint))
  }

  private func comparison(
    _ own: PoseComparison.Candidate, _ folder: RunFolder, beside others: [RunFolder] = []
  ) throws -> PoseComparison {
    let rivals = try others.map { other in
      let settings = try MultiViewSyncOptions.load(other)
      guard settings.task == .pose, settings.seed == self.settings.seed,
        settings.data.imageSize == self.settings.data.imageSize
      else {
        throw ComputeError(
          .configuration, what: "\(other.path) cannot be measured beside \(folder.path)",
          why: "it is another task's, was shown pictures of another size, or may have seen the people of this test",
          mend: "give a run of the pose task with the same seed and data.imageSize")
      }
      return try candidate(other, settings)
    }
    let comparison = try PoseComparison(setup, [own] + rivals)
    try comparison.write(to: folder)
    return comparison
  }

  func evaluate(_ folder: RunFolder) throws -> String { try evaluate(folder, beside: []) }

  /// - Parameter others: runs whose networks are measured on the same pictures.
  func evaluate(_ folder: RunFolder, beside others: [RunFolder]) throws -> String {
    try comparison(candidate(folder, settings), folder, beside: others).table
  }

  func report(on folder: RunFolder) throws -> String {
    let own = try candidate(folder, settings)
    let comparison = try PoseComparison.read(folder) ?? comparison(own, folder)
    let records = try MetricsFile.read(folder.metrics)
    let page = try PoseReport(setup, own.network, own.statistics, comparison).page(
      records, facts: facts(folder, records, data: setup.summary))
    try page.write(to: URL(fileURLWithPath: folder.report))
    return comparison.table
  }
}

extension MultiViewSyncSetup {
  fileprivate func announce(_ device: any Device, to logger: Logger) {
    logger.info("\(device.information.identifier): \(device.information.name); \(summary)")
    if settings.data.body == .procedural, settings.data.folder == nil {
      logger.notice("the body is a procedural mannequin: its figures say nothing about people")
    }
  }
}
