import Compute
import Foundation

/// What the loop itself must remember to continue exactly; kept in a checkpoint's metadata as JSON.
struct LoopState: Codable, Equatable {
  var position = TrainingPosition(stage: 0, step: 0)
  /// Steps of the stages before this one.
  var finishedSteps = 0
  /// The lowest value of the metric that selects the best checkpoint.
  var best: Double?
  /// Sums over the steps of the epoch so far.
  private var lossSums: [String: Double] = [:]
  private var lossCounts: [String: Int] = [:]

  private static let key = "training"

  init() {}

  /// Reads the state from a checkpoint. Throws `.configuration` when it is there for prediction only.
  init(of checkpoint: Checkpoint) throws {
    guard let text = checkpoint.metadata[Self.key],
      let state = try? JSONDecoder().decode(Self.self, from: Data(text.utf8))
    else {
      throw ComputeError(
        .configuration, what: "\(checkpoint.source) cannot be resumed from",
        why: "its metadata does not say where training stood",
        mend: "resume from a folder that `contrapposto train` wrote")
    }
    self = state
  }

  func store(in checkpoint: inout Checkpoint) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    checkpoint.metadata[Self.key] = String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  mutating func add(_ losses: [String: Double]) {
    for (name, value) in losses {
      lossSums[name, default: 0] += value
      lossCounts[name, default: 0] += 1
    }
  }

  func meanLosses() -> [String: Double] {
    var means: [String: Double] = [:]
    for (name, sum) in lossSums { means[name] = sum / Double(lossCounts[name] ?? 1) }
    return means
  }

  mutating func clearLosses() {
    lossSums = [:]
    lossCounts = [:]
  }
}
