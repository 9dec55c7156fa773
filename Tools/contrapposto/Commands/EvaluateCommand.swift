import ArgumentParser
import Training

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measures a trained model on data that training never saw.",
    subcommands: [Pose2MeshModel.self, MAPConNetModel.self])

  struct Pose2MeshModel: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pose2mesh",
      abstract: "Prints the errors of a run's best checkpoint beside those of three baselines.",
      discussion: "Writes evaluation.json into the run folder; `contrapposto report` shows it.")

    @OptionGroup var arguments: RunArguments

    func run() throws {
      let folder = try RunFolder.open(arguments.folder)
      print(try Pose2MeshSession(Pose2MeshOptions.load(folder), device: arguments.device).evaluate(folder))
    }
  }

  struct MAPConNetModel: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "mapconnet",
      abstract: "Prints the errors of a run's best checkpoint beside an untrained network and the identity mesh.",
      discussion: "Writes evaluation.json and pairs.csv into the run folder; `contrapposto report` shows them.")

    @OptionGroup var arguments: RunArguments

    @Option(help: "Another MAPConNet or 3D-CoreNet run, on the same data, for a row of its own. Repeatable.")
    var beside: [String] = []

    func run() throws {
      let folder = try RunFolder.open(arguments.folder)
      let session = try MAPConNetSession(MAPConNetOptions.load(folder), device: arguments.device)
      print(try session.evaluate(folder, beside: beside.map(RunFolder.open)))
    }
  }
}

/// Which run, and on what it is looked at.
struct RunArguments: ParsableArguments {
  @Argument(help: "A run folder.")
  var folder: String

  @Option(help: "cpu, opencl, opencl:N, or auto: the first GPU, else the CPU.")
  var device = "auto"
}
