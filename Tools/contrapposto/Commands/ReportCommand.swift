import ArgumentParser
import Compute
import Training

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Writes a run's report.html: errors, curves and pictures.")

  @OptionGroup var arguments: RunArguments

  func run() throws {
    let folder = try RunFolder.open(arguments.folder)
    let model = try Checkpoint(path: folder.bestCheckpoint()).metadata["model"] ?? "none"
    switch model {
    case "pose2mesh":
      _ = try Pose2MeshSession(Pose2MeshOptions.load(folder), device: arguments.device).report(on: folder)
    case "mapconnet", "corenet":
      _ = try MAPConNetSession(MAPConNetOptions.load(folder), device: arguments.device).report(on: folder)
    case "multiview-sync":
      let settings = try MultiViewSyncOptions.load(folder)
      switch settings.task {
      case .pretext: _ = try PretextSession(settings, device: arguments.device).report(on: folder)
      case .pose: _ = try PoseSession(settings, device: arguments.device).report(on: folder)
      }
    default:
      throw ComputeError(
        .data, what: "\(arguments.folder): its checkpoint is of the model '\(model)'", why: "no report is known for it",
        mend: "give a folder that `contrapposto train` wrote")
    }
    print(folder.report)
  }
}
