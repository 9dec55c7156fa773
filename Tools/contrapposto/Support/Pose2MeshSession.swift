import Compute
import FileFormats
import Foundation
import Logging
import Pose2Mesh
import ToolSupport
import Training

struct Pose2MeshSession: RunSession {
  static let model = "pose2mesh"
  static let bestMetric = "pa_mpjpe"

  let setup: Pose2MeshSetup
  let device: any Device

  var settings: Pose2MeshSettings { setup.settings }

  init(_ settings: Pose2MeshSettings, device: String) throws {
    self.device = try makeDevice(device)
    setup = try Pose2MeshSetup(settings)
  }

  func makeJob(resuming: Bool) throws -> (job: Pose2MeshJob, stages: [TrainingStage]) {
    let job = try Pose2MeshJob(setup, on: device)
    return (job, job.stages)
  }

  func announce(to logger: Logger) {
    logger.info("\(device.information.identifier): \(device.information.name); body \(setup.body.name)")
    if settings.data.body == .procedural {
      logger.notice("the body is a procedural mannequin: its figures say nothing about people")
    }
  }

  /// The network with the best parameters of a run.
  func network(of folder: RunFolder) throws -> Pose2MeshNetwork {
    let network = try setup.network(on: device)
    try Checkpoint(path: folder.bestCheckpoint()).load(into: network.parameters, identity: setup.identity)
    return network
  }

  private func comparison(_ network: Pose2MeshNetwork, _ folder: RunFolder) throws -> Pose2MeshComparison {
    let comparison = try Pose2MeshComparison(setup, network)
    try comparison.write(to: folder)
    return comparison
  }

  func evaluate(_ folder: RunFolder) throws -> String { try comparison(network(of: folder), folder).table }

  func report(on folder: RunFolder) throws -> String {
    let network = try network(of: folder)
    let comparison = try Pose2MeshComparison.read(folder) ?? comparison(network, folder)
    let records = try MetricsFile.read(folder.metrics)
    let page = try Pose2MeshReport(setup, network, comparison).page(
      records, facts: facts(folder, records, data: setup.body.name))
    try page.write(to: URL(fileURLWithPath: folder.report))
    return comparison.table
  }
}
