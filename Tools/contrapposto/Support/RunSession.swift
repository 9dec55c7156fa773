import ArgumentParser
import Compute
import Datasets
import FileFormats
import Foundation
import Logging
import Training

/// What the commands need of a model: its settings made real, on a device.
protocol RunSession {
  associatedtype Settings: Codable
  associatedtype Job: TrainingJob

  /// As checkpoints and run folders name it.
  static var model: String { get }
  /// The metric whose lowest value chooses the best checkpoint.
  static var bestMetric: String { get }

  var settings: Settings { get }
  var device: any Device { get }

  init(_ settings: Settings, device: String) throws

  /// - Parameter resuming: whether a checkpoint will give the parameters.
  func makeJob(resuming: Bool) throws -> (job: Job, stages: [TrainingStage])

  /// Says what the run works on.
  func announce(to logger: Logger)

  /// Measures a run's best checkpoint on data that training never saw, writes evaluation.json, and gives a table.
  func evaluate(_ folder: RunFolder) throws -> String

  /// Writes the report, measuring the errors first where `evaluate` has not; gives their table.
  func report(on folder: RunFolder) throws -> String
}

extension RunSession {
  /// Starts a run in a folder of its own.
  static func train(_ settings: Settings, _ options: RunOptions) throws {
    let session = try Self(settings, device: options.device)
    // Made before the folder: what it cannot start from leaves no run behind.
    let work = try session.makeJob(resuming: false)
    let folder = try RunFolder.create(in: options.runs, named: options.name, model: model)
    try AtomicFile.write(Data(configurationText(settings).utf8), to: URL(fileURLWithPath: folder.configuration))
    try session.train(work, in: folder, options, resuming: false)
  }

  /// Continues the run that `options` names.
  ///
  /// - Parameters:
  ///   - settings: reads those that it was started with.
  ///   - isGiven: whether the command line gives others.
  static func resume(
    _ path: String, _ options: RunOptions, otherSettings isGiven: Bool, settings: (RunFolder) throws -> Settings
  ) throws {
    guard !isGiven, options.name == nil else {
      throw ComputeError(
        .usage, what: "--resume takes its settings from \(path)/config.yaml",
        why: "other settings would not continue the same run", mend: "give --resume alone, or start a new run")
    }
    let folder = try RunFolder.open(path)
    let session = try Self(settings(folder), device: options.device)
    try session.train(session.makeJob(resuming: true), in: folder, options, resuming: true)
  }

  private func train(
    _ work: (job: Job, stages: [TrainingStage]), in folder: RunFolder, _ options: RunOptions, resuming: Bool
  ) throws {
    let console = Console.standardError()
    let logger = RunLog.logger(folder, console: console)
    announce(to: logger)
    let trace = options.profile.map { _ in ChromeTrace() }
    device.profiler = trace
    Interrupts.install()
    let loop = TrainingLoop(
      job: work.job, stages: work.stages, folder: folder, bestMetric: Self.bestMetric, logger: logger, console: console,
      batchThreads: device.information.batchThreads)
    let outcome = try loop.run(resuming: resuming)
    if let path = options.profile { try trace?.write(to: path) }
    guard outcome == .finished else { throw ExitCode(interruptedExitCode) }
    device.profiler = nil
    print(try report(on: folder))
    print("\nreport: \(folder.report)")
  }

  /// What every report's head says of a run.
  func facts(_ folder: RunFolder, _ records: [EpochRecord], data: String) -> OrderedMap<String> {
    [
      "Run": folder.path, "Device": "\(device.information.identifier), \(device.information.name)", "Data": data,
      "Steps": "\(records.last?.step ?? 0)",
      "Training time": Progress.duration(records.reduce(0) { $0 + $1.seconds }),
      "Again": "contrapposto train \(Self.model) --config \(folder.configuration)",
    ]
  }
}
