import Compute
import FileFormats
import Foundation
import Logging
import MAPConNet
import ToolSupport
import Training

struct MAPConNetSession: RunSession {
  static let model = "mapconnet"
  static let bestMetric = "pmd"

  let setup: MAPConNetSetup
  let device: any Device

  var settings: MAPConNetSettings { setup.settings }

  init(_ settings: MAPConNetSettings, device: String) throws {
    self.device = try makeDevice(device)
    setup = try MAPConNetSetup(settings)
  }

  func makeJob(resuming: Bool) throws -> (job: MAPConNetJob, stages: [TrainingStage]) {
    let job = try MAPConNetJob(setup, resuming: resuming, on: device)
    return (job, job.stages)
  }

  func announce(to logger: Logger) {
    logger.info("\(device.information.identifier): \(device.information.name); \(setup.source.summary)")
    if settings.data.body == .procedural, settings.data.folder == nil {
      logger.notice("the body is a procedural mannequin: its figures say nothing about people")
    }
  }

  private func network(of folder: RunFolder) throws -> MAPConNetNetwork {
    let network = try setup.network(on: device)
    try Checkpoint(path: folder.bestCheckpoint()).load(into: network.parameters, identity: setup.identity)
    return network
  }

  private func comparison(
    _ network: MAPConNetNetwork, _ folder: RunFolder, beside others: [RunFolder] = []
  ) throws -> MAPConNetComparison {
    let rivals = try others.map { other in
      let trained = try TrainedTransfer(other)
      guard trained.settings.sharesData(with: settings) else {
        throw ComputeError(
          .configuration, what: "\(other.path) was trained on other data than \(folder.path)",
          why: "it may have seen the people or poses of this test",
          mend: "give a run whose seed and data settings are the same, but for labels and vertices")
      }
      let name = "\(trained.settings.modelName), \(URL(fileURLWithPath: other.path).lastPathComponent)"
      let size = setup.source.vertexCount
      return (name, try trained.network(identityPoints: size, posePoints: size, on: device).network)
    }
    let comparison = try MAPConNetComparison(
      setup, network, beside: rivals, untrained: setup.untrainedNetwork(on: device), in: folder)
    try comparison.write(to: folder)
    return comparison
  }

  func evaluate(_ folder: RunFolder) throws -> String { try evaluate(folder, beside: []) }

  /// - Parameter others: runs whose networks are measured on the same pairs.
  func evaluate(_ folder: RunFolder, beside others: [RunFolder]) throws -> String {
    try comparison(network(of: folder), folder, beside: others).table
  }

  func report(on folder: RunFolder) throws -> String {
    let network = try network(of: folder)
    let comparison = try MAPConNetComparison.read(folder) ?? comparison(network, folder)
    let records = try MetricsFile.read(folder.metrics)
    let page = try MAPConNetReport(setup, network, comparison).page(
      records, facts: facts(folder, records, data: setup.source.summary))
    try page.write(to: URL(fileURLWithPath: folder.report))
    return comparison.table
  }
}
