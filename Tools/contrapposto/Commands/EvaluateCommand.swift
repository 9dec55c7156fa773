import ArgumentParser
import Pose2Mesh
import Training

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measures a trained model on data that training never saw.",
    subcommands: [Pose2MeshModel.self])

  struct Pose2MeshModel: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pose2mesh",
      abstract: "Prints the errors of a run's best checkpoint beside those of three baselines.",
      discussion: "Writes evaluation.json into the run folder; `contrapposto report` shows it.")

    @Argument(help: "A run folder.")
    var folder: String

    @Option(help: "cpu, opencl, opencl:N, or auto: the first GPU, else the CPU.")
    var device = "auto"

    func run() throws {
      let folder = try RunFolder.open(self.folder)
      let session = try Session(Pose2MeshOptions.load(folder), device: device)
      let comparison = try Pose2MeshComparison(session.setup, session.network(of: folder))
      try comparison.write(to: folder)
      print(comparison.table)
    }
  }
}
