/// The harmonic mean of precision and recall of two point sets: the fractions of either whose nearest point in the other
/// is strictly closer than `threshold`; 0 if no point is.
///
/// For the hand benchmark, align `points` to `targets` by a similarity first (`Similarity.init(aligning:to:)`).
public func fScore(_ points: [SIMD3<Double>], _ targets: [SIMD3<Double>], threshold: Double) -> Double {
  precondition(!points.isEmpty && !targets.isEmpty, "fScore: no points")
  let precision = fractionNear(SortedPoints(targets), points, threshold)
  let recall = fractionNear(SortedPoints(points), targets, threshold)
  return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall)
}

private func fractionNear(_ sorted: SortedPoints, _ queries: [SIMD3<Double>], _ threshold: Double) -> Double {
  Double(queries.count { sorted.hasPoint(within: threshold, of: $0) }) / Double(queries.count)
}

/// Points in the order of their widest axis, so that a search looks at a slab only.
private struct SortedPoints {
  private let points: [SIMD3<Double>]
  private let axis: Int

  init(_ points: [SIMD3<Double>]) {
    let extent =
      points.reduce(points[0]) { pointwiseMax($0, $1) } - points.reduce(points[0]) { pointwiseMin($0, $1) }
    let axis = [0, 1, 2].max { extent[$0] < extent[$1] }!
    self.axis = axis
    self.points = points.sorted { $0[axis] < $1[axis] }
  }

  /// Whether some point is strictly closer than `radius`.
  func hasPoint(within radius: Double, of query: SIMD3<Double>) -> Bool {
    // The first point at or beyond the query along the axis; the search goes both ways from there.
    var low = 0
    var high = points.count
    while low < high {
      let middle = (low + high) / 2
      if points[middle][axis] < query[axis] { low = middle + 1 } else { high = middle }
    }
    for p in points[low...] {
      if p[axis] - query[axis] >= radius { break }
      if norm(p - query) < radius { return true }
    }
    for p in points[..<low].reversed() {
      if query[axis] - p[axis] >= radius { break }
      if norm(p - query) < radius { return true }
    }
    return false
  }
}
