import ArgumentParser
import Compute
import FileFormats
import Foundation
import Pose2Mesh
import ToolSupport
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains a model.", subcommands: [Pose2MeshModel.self])

  struct Pose2MeshModel: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pose2mesh",
      abstract: "Trains Pose2Mesh on generated people.",
      discussion: """
        Stage 1 lifts 2D joints to 3D, stage 2 trains the whole cascade. Writes a run folder with config.yaml, \
        metrics.csv and checkpoints, and at the end evaluation.json and report.html. Ctrl-C finishes the step, writes a checkpoint and exits 130; a second \
        one leaves at once. Any setting of the configuration can be given as --set section.key=value.
        """)

    @OptionGroup var settings: Pose2MeshOptions
    @OptionGroup var options: RunOptions

    @Flag(help: "Print all settings with their values and exit.")
    var printConfig = false

    func run() throws {
      if let resumed = options.resume { return try resume(resumed) }
      let settings = try self.settings.load()
      if printConfig { return print(configurationText(settings), terminator: "") }
      let session = try Session(settings, device: options.device)
      let folder = try RunFolder.create(in: options.runs, named: options.name, model: "pose2mesh")
      try AtomicFile.write(
        Data(configurationText(settings).utf8), to: URL(fileURLWithPath: folder.configuration))
      try train(session, in: folder, resuming: false)
    }

    private func resume(_ path: String) throws {
      guard !settings.isGiven, options.name == nil, !printConfig else {
        throw ComputeError(
          .usage, what: "--resume takes its settings from \(path)/config.yaml",
          why: "other settings would not continue the same run", mend: "give --resume alone, or start a new run")
      }
      let folder = try RunFolder.open(path)
      let session = try Session(Pose2MeshOptions.load(folder), device: options.device)
      try train(session, in: folder, resuming: true)
    }

    private func train(_ session: Session, in folder: RunFolder, resuming: Bool) throws {
      let console = Console.standardError()
      let logger = RunLog.logger(folder, console: console)
      let device = session.device
      logger.info("\(device.information.identifier): \(device.information.name); body \(session.setup.body.name)")
      if session.setup.settings.data.body == .procedural {
        logger.notice("the body is a procedural mannequin: its figures say nothing about people")
      }
      let trace = options.profile.map { _ in ChromeTrace() }
      device.profiler = trace
      Interrupts.install()
      let job = try Pose2MeshJob(session.setup, on: device)
      let loop = TrainingLoop(
        job: job, stages: job.stages, folder: folder, bestMetric: "pa_mpjpe", logger: logger, console: console)
      let outcome = try loop.run(resuming: resuming)
      if let path = options.profile { try trace?.write(to: path) }
      guard outcome == .finished else { throw ExitCode(interruptedExitCode) }
      device.profiler = nil
      print(try session.report(on: folder).table)
      print("\nreport: \(folder.report)")
    }
  }
}

/// What a command works with: the model's settings made real, on a device.
struct Session {
  let setup: Pose2MeshSetup
  let device: any Device

  init(_ settings: Pose2MeshSettings, device: String) throws {
    self.device = try makeDevice(device)
    setup = try Pose2MeshSetup(settings)
  }

  /// The network with the best parameters of a run.
  func network(of folder: RunFolder) throws -> Pose2MeshNetwork {
    let network = try setup.network(on: device)
    try Checkpoint(path: folder.bestCheckpoint()).load(into: network.parameters, identity: setup.identity)
    return network
  }
}
