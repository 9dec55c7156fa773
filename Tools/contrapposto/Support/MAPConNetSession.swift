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

  private func comparison(_ network: MAPConNetNetwork, _ folder: RunFolder) throws -> MAPConNetComparison {
    let comparison = try MAPConNetComparison(
      setup, network, untrained: setup.untrainedNetwork(on: device), in: folder)
    try comparison.write(to: folder)
    return comparison
  }

  func evaluate(_ folder: RunFolder) throws -> String { try comparison(network(of: folder), folder).table }

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
