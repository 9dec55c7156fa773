import ArgumentParser
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains a model.", subcommands: [Pose2MeshModel.self, MAPConNetModel.self])

  private static let discussion = """
    Writes a run folder with config.yaml, metrics.csv and checkpoints, and at the end evaluation.json and report.html. \
    Ctrl-C finishes the step, writes a checkpoint and exits 130; a second one leaves at once. Any setting of the \
    configuration can be given as --set section.key=value.
    """

  struct Pose2MeshModel: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pose2mesh", abstract: "Trains Pose2Mesh on generated people.",
      discussion: "Stage 1 lifts 2D joints to 3D, stage 2 trains the whole cascade. " + discussion)

    @OptionGroup var settings: Pose2MeshOptions
    @OptionGroup var options: RunOptions

    @Flag(help: "Print all settings with their values and exit.")
    var printConfig = false

    func run() throws {
      if let path = options.resume {
        return try Pose2MeshSession.resume(
          path, options, otherSettings: settings.isGiven || printConfig, settings: Pose2MeshOptions.load)
      }
      let settings = try self.settings.load()
      if printConfig { return print(configurationText(settings), terminator: "") }
      try Pose2MeshSession.train(settings, options)
    }
  }

  struct MAPConNetModel: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "mapconnet", abstract: "Trains MAPConNet or 3D-CoreNet: the pose of one mesh on another's body.",
      discussion: discussion)

    @OptionGroup var settings: MAPConNetOptions
    @OptionGroup var options: RunOptions

    @Flag(help: "Print all settings with their values and exit.")
    var printConfig = false

    func run() throws {
      if let path = options.resume {
        return try MAPConNetSession.resume(
          path, options, otherSettings: settings.isGiven || printConfig, settings: MAPConNetOptions.load)
      }
      let settings = try self.settings.load()
      if printConfig { return print(configurationText(settings), terminator: "") }
      try MAPConNetSession.train(settings, options)
    }
  }
}
