import Compute
import FileFormats
import Foundation

/// The folder of one training run.
///
///     config.yaml            every setting with its value
///     metrics.csv            one line per epoch
///     log.txt                what happened, with times
///     checkpoints/           latest.safetensors, best.safetensors, final.safetensors
///     report.html            curves, tables, pictures
public struct RunFolder: Sendable {
  public let path: String

  public enum CheckpointName: String, Sendable, CaseIterable { case latest, best, final }

  /// Makes a new folder `parent/name`, where the name defaults to the model's and the time.
  ///
  /// - Throws: `.cannotWrite` when a run lives there already; `.permission` when the folder cannot be made.
  public static func create(in parent: String, named name: String?, model: String) throws -> RunFolder {
    let folder = RunFolder(path: parent + "/" + (name ?? "\(model)-\(timestamp())"))
    guard !FileManager.default.fileExists(atPath: folder.configuration) else {
      throw ComputeError(
        .cannotWrite, what: "\(folder.path) holds a run already", why: "a new run would overwrite its checkpoints",
        mend: "choose another --name, or continue it with --resume \(folder.path)")
    }
    try AtomicFile.makeFolder(URL(fileURLWithPath: folder.path + "/checkpoints"))
    return folder
  }

  /// An existing run. Throws `.noInput` when the folder has no config.yaml.
  public static func open(_ path: String) throws -> RunFolder {
    let folder = RunFolder(path: path)
    guard FileManager.default.isReadableFile(atPath: folder.configuration) else {
      throw ComputeError(
        .noInput, what: "\(path) is not a run folder", why: "there is no readable config.yaml in it",
        mend: "give the folder that `contrapposto train` printed")
    }
    return folder
  }

  /// The run in `parent` that last wrote a checkpoint. Throws `.noInput` when there is none.
  public static func newest(in parent: String) throws -> RunFolder {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    let dated = names.compactMap { name -> (folder: RunFolder, date: Date)? in
      let folder = RunFolder(path: parent + "/" + name)
      let attributes = try? FileManager.default.attributesOfItem(atPath: folder.checkpoint(.latest))
      return (attributes?[.modificationDate] as? Date).map { (folder, $0) }
    }
    guard let newest = dated.max(by: { $0.date < $1.date }) else {
      throw ComputeError(
        .noInput, what: "there is no trained run in \(parent)", why: "a model is needed to predict with",
        mend: "train one with `contrapposto train pose2mesh`, or name a run folder")
    }
    return newest.folder
  }

  public var configuration: String { path + "/config.yaml" }
  public var metrics: String { path + "/metrics.csv" }
  public var log: String { path + "/log.txt" }
  public var report: String { path + "/report.html" }
  public func checkpoint(_ name: CheckpointName) -> String { path + "/checkpoints/\(name.rawValue).safetensors" }

  /// The checkpoint to predict and evaluate with: the best, else the final, else the latest one.
  public func bestCheckpoint() throws -> String {
    for name in [CheckpointName.best, .final, .latest]
    where FileManager.default.isReadableFile(atPath: checkpoint(name)) { return checkpoint(name) }
    throw ComputeError(
      .noInput, what: "\(path) holds no checkpoint", why: "the run ended before its first epoch did",
      mend: "train it again")
  }

  private static func timestamp() -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyyMMdd-HHmmss"
    return formatter.string(from: Date())
  }
}
