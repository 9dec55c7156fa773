import Compute
import Datasets
import FileFormats
import Foundation
import Training

extension PoseStatistics {
  private static let meanKey = "pose_mean_mm"
  private static let deviationKey = "pose_deviation_mm"

  /// Writes the statistics into the metadata: a pose network means nothing without them.
  func store(in checkpoint: inout Checkpoint) {
    for (key, values) in [(Self.meanKey, mean), (Self.deviationKey, deviation)] {
      checkpoint.metadata[key] = JSONValue.array(values.map(JSONValue.real)).text
    }
  }

  /// Reads what `store(in:)` wrote. Throws `.data` when it is not there.
  public init(of checkpoint: Checkpoint) throws {
    func values(_ key: String) throws -> [Double] {
      let text = try checkpoint.metadata(key)
      let values = try JSONValue(parsing: Data(text.utf8), source: "\(key) of \(checkpoint.source)").doubles
      guard let values, values.count == MultiViewSyncArchitecture.poseValues else {
        throw ComputeError(
          .data, what: "\(checkpoint.source): \(key) is no list of \(MultiViewSyncArchitecture.poseValues) numbers",
          why: "the network's poses are standardised by them", mend: "give a checkpoint of the pose task")
      }
      return values
    }
    self.init(mean: try values(Self.meanKey), deviation: try values(Self.deviationKey))
  }
}
