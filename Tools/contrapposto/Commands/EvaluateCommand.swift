import ArgumentParser
import Compute
import MultiViewSync
import Training

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measures a trained model on data that training never saw.",
    subcommands: [Pose2MeshModel.self, MAPConNetModel.self, MultiViewSyncModel.self])

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

extension EvaluateCommand {
  struct MultiViewSyncModel: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "multiview-sync",
      abstract: "Prints a run's accuracy by time gap (pretext task) or its poses' errors (pose task).",
      discussion: "Writes evaluation.json into the run folder; `contrapposto report` shows it.")

    @OptionGroup var arguments: RunArguments

    @Option(help: "Another run of the pose task, on the same data, for a row of its own. Repeatable.")
    var beside: [String] = []

    func run() throws {
      let folder = try RunFolder.open(arguments.folder)
      let settings = try MultiViewSyncOptions.load(folder)
      switch settings.task {
      case .pretext:
        guard beside.isEmpty else {
          throw ComputeError(
            .usage, what: "--beside with a run of the pretext task", why: "only poses are measured side by side",
            mend: "evaluate each run on its own")
        }
        print(try PretextSession(settings, device: arguments.device).evaluate(folder))
      case .pose:
        let session = try PoseSession(settings, device: arguments.device)
        print(try session.evaluate(folder, beside: beside.map(RunFolder.open)))
      }
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
