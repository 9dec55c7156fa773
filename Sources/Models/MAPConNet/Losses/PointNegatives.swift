import Geometry
import Layers

/// Which other vertex of its mesh each vertex is kept apart from in the point loss.
public enum PointNegatives: String, Codable, Sendable, CaseIterable {
  /// The next vertex of the list, and the first one after the last: a random other vertex, since lists are shuffled.
  case cyclic
  /// Any other vertex, each as likely, drawn anew in every pass and for every sample.
  case random

  /// The negative k of every vertex j; k = j only in a mesh of one vertex.
  ///
  /// - Parameter stream: where `random` draws from; one key per call.
  func rows(batch: Int, points: Int, from stream: RandomStream?, on device: any Device) -> RowIndex {
    switch self {
    case .cyclic:
      return RowIndex((0..<points).map { Int32(($0 + 1) % points) }, sourceRows: points, on: device)
    case .random:
      guard let key = stream?.next() else {
        preconditionFailure("PointNegatives: random ones need a RandomStream in the pass")
      }
      var random = PhiloxGenerator(seed: key.seed, stream: key.offset)
      let rows = (0..<batch * points).map { row in
        Int32((row % points + 1 + random.index(below: max(points - 1, 1))) % points)
      }
      return RowIndex(rows, lists: batch, sourceRows: points, on: device)
    }
  }
}
