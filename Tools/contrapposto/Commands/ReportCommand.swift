import ArgumentParser
import FileFormats
import Foundation
import Pose2Mesh
import Training

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Writes a run's report.html: errors, curves and pictures.")

  @Argument(help: "A run folder.")
  var folder: String

  @Option(help: "cpu, opencl, opencl:N, or auto: the first GPU, else the CPU.")
  var device = "auto"

  func run() throws {
    let folder = try RunFolder.open(self.folder)
    let session = try Session(Pose2MeshOptions.load(folder), device: device)
    _ = try session.report(on: folder)
    print(folder.report)
  }
}

extension Session {
  /// Writes the report, measuring the errors first where `evaluate` has not.
  func report(on folder: RunFolder) throws -> Pose2MeshComparison {
    let network = try network(of: folder)
    let comparison: Pose2MeshComparison
    if let known = try Pose2MeshComparison.read(folder) {
      comparison = known
    } else {
      comparison = try Pose2MeshComparison(setup, network)
      try comparison.write(to: folder)
    }
    let records = try MetricsFile.read(folder.metrics)
    let page = try Pose2MeshReport(setup, network, comparison).page(
      records,
      facts: [
        "Run": folder.path, "Device": "\(device.information.identifier), \(device.information.name)",
        "Body": setup.body.name, "Steps": "\(records.last?.step ?? 0)",
        "Training time": Progress.duration(records.reduce(0) { $0 + $1.seconds }),
        "Again": "contrapposto train pose2mesh --config \(folder.configuration)",
      ])
    try page.write(to: URL(fileURLWithPath: folder.report))
    return comparison
  }
}
