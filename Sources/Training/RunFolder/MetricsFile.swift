import Compute
import FileFormats
import Foundation

/// One finished epoch in the order of the file's columns.
public struct EpochRecord: Sendable, Equatable {
  /// The number of completed steps over all stages: the key by which a resumed run finds its place.
  public var step: Int
  public var stage: String
  /// Completed epochs of the stage.
  public var epoch: Int
  public var learningRate: Double
  /// Mean over the epoch, by name.
  public var losses: [String: Double]
  /// Empty when the epoch ended without an evaluation.
  public var metrics: [String: Double]
  /// Wall-clock seconds since the epoch began, or since the run was resumed within it.
  public var seconds: Double
  /// The share of that time spent waiting for data.
  public var dataWait: Double

  public init(
    step: Int, stage: String, epoch: Int, learningRate: Double, losses: [String: Double], metrics: [String: Double],
    seconds: Double, dataWait: Double
  ) {
    self.step = step
    self.stage = stage
    self.epoch = epoch
    self.learningRate = learningRate
    self.losses = losses
    self.metrics = metrics
    self.seconds = seconds
    self.dataWait = dataWait
  }
}

/// `metrics.csv`: one line per epoch, on disk before the next epoch begins.
///
/// Columns: step, stage, epoch, learning_rate, `loss/NAME` ..., `metric/NAME` ..., seconds, data_wait. A cell is
/// empty where a loss or metric was not computed. Numbers are written so that they read back to the same bits.
public final class MetricsFile {
  private let path: String
  private let lossNames, metricNames: [String]
  private var records: [EpochRecord]

  /// Opens the file for a run that stands at `step`: lines of later steps, left by a run that ended before its
  /// next checkpoint, are dropped.
  public init(path: String, lossNames: [String], metricNames: [String], resumingAt step: Int) throws {
    self.path = path
    self.lossNames = lossNames
    self.metricNames = metricNames
    records = step == 0 ? [] : try Self.read(path).filter { $0.step <= step }
    try write()
  }

  /// Adds a line. Throws `.cannotWrite` when the disk is full; the file then stays as it was.
  public func append(_ record: EpochRecord) throws {
    records.append(record)
    try write()
  }

  private func write() throws {
    let text = ([header] + records.map(line)).joined(separator: "\n") + "\n"
    try AtomicFile.write(Data(text.utf8), to: URL(fileURLWithPath: path))
  }

  /// All records of a file. Throws `.noInput` when it is missing and `.data` for a line that cannot be read.
  public static func read(_ path: String) throws -> [EpochRecord] {
    let lines = try InputFile.text(URL(fileURLWithPath: path)).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    guard let header = lines.first else { return [] }
    return try lines.dropFirst().enumerated().map { index, cells in
      let named = Dictionary(zip(header, cells), uniquingKeysWith: { first, _ in first })
      func values(_ prefix: String) -> [String: Double] {
        var values: [String: Double] = [:]
        for (name, cell) in named where name.hasPrefix(prefix) {
          values[String(name.dropFirst(prefix.count))] = Double(cell)
        }
        return values
      }
      guard cells.count == header.count, let step = named["step"].flatMap(Int.init),
        let epoch = named["epoch"].flatMap(Int.init), let stage = named["stage"],
        let learningRate = named["learning_rate"].flatMap(Double.init),
        let seconds = named["seconds"].flatMap(Double.init), let dataWait = named["data_wait"].flatMap(Double.init)
      else {
        throw ComputeError(
          .data, what: "\(path), line \(index + 2) is not a line of metrics",
          why: "its cells do not go with the header", mend: "remove the line")
      }
      return EpochRecord(
        step: step, stage: stage, epoch: epoch, learningRate: learningRate, losses: values("loss/"),
        metrics: values("metric/"), seconds: seconds, dataWait: dataWait)
    }
  }

  // MARK: - Lines

  private var header: String {
    (["step", "stage", "epoch", "learning_rate"] + lossNames.map { "loss/" + $0 } + metricNames.map { "metric/" + $0 }
      + ["seconds", "data_wait"]).joined(separator: ",")
  }

  private func line(_ record: EpochRecord) -> String {
    let cells =
      ["\(record.step)", record.stage, "\(record.epoch)", "\(record.learningRate)"]
      + lossNames.map { record.losses[$0].map { "\($0)" } ?? "" }
      + metricNames.map { record.metrics[$0].map { "\($0)" } ?? "" }
      + ["\(record.seconds)", "\(record.dataWait)"]
    return cells.joined(separator: ",")
  }
}
