import ArgumentParser
import MultiViewSync
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains a model.",
    subcommands: [Pose2MeshModel.self, MAPConNetModel.self, MultiViewSyncModel.self])

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

  struct MultiViewSyncModel: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "multiview-sync",
      abstract: "Trains multi-view synchronization, or 3D poses from a backbone that it pre-trained.",
      discussion: """
        The pretext task learns from several cameras' pictures without labels; the pose task goes on from it with \
        --pretrained RUN.
        """ + " " + discussion)

    @OptionGroup var settings: MultiViewSyncOptions
    @OptionGroup var options: RunOptions

    @Flag(help: "Print all settings with their values and exit.")
    var printConfig = false

    func run() throws {
      if let path = options.resume {
        let isGiven = settings.isGiven || printConfig
        switch try MultiViewSyncOptions.load(RunFolder.open(path)).task {
        case .pretext:
          return try PretextSession.resume(path, options, otherSettings: isGiven, settings: MultiViewSyncOptions.load)
        case .pose:
          return try PoseSession.resume(path, options, otherSettings: isGiven, settings: MultiViewSyncOptions.load)
        }
      }
      let settings = try self.settings.load()
      if printConfig { return print(configurationText(settings), terminator: "") }
      switch settings.task {
      case .pretext: try PretextSession.train(settings, options)
      case .pose: try PoseSession.train(settings, options)
      }
    }
  }
}
