/// Points arranged for nearest-neighbour search: a k-d tree (Bentley, "Multidimensional binary search trees used for
/// associative searching", 1975), split at the median of its widest side.
public struct PointTree: Sendable {
  /// The points, and their numbers, in the tree's order: a node is the middle of a range, its halves the subtrees.
  private let points: [SIMD3<Double>]
  private let numbers: [Int]
  /// The axis that each node splits, in the same order.
  private let axes: [Int]

  /// - Precondition: at least one point; all are finite.
  public init(_ points: [SIMD3<Double>]) {
    precondition(!points.isEmpty, "PointTree: no points")
    var numbers = Array(points.indices)
    var axes = [Int](repeating: 0, count: points.count)
    // Ranges still to be split.
    var pending = points.count > 1 ? [0..<points.count] : []
    while let range = pending.popLast() {
      let box = SpatialBox(numbers[range].lazy.map { points[$0] })
      let axis = [0, 1, 2].max { box.extent[$0] < box.extent[$1] }!
      numbers[range].sort { (points[$0][axis], $0) < (points[$1][axis], $1) }
      let middle = (range.lowerBound + range.upperBound) / 2
      axes[middle] = axis
      pending += [range.lowerBound..<middle, middle + 1..<range.upperBound].filter { $0.count > 1 }
    }
    self.points = numbers.map { points[$0] }
    self.numbers = numbers
    self.axes = axes
  }

  /// The nearest point's number, the lowest where several are as near, and the squared distance to it.
  public func nearest(to query: SIMD3<Double>) -> (index: Int, squaredDistance: Double) {
    var best = (index: Int.max, squaredDistance: Double.infinity)
    search(0..<points.count, query, &best)
    return best
  }

  private func search(_ range: Range<Int>, _ query: SIMD3<Double>, _ best: inout (index: Int, squaredDistance: Double))
  {
    guard !range.isEmpty else { return }
    let middle = (range.lowerBound + range.upperBound) / 2
    let apart = query - points[middle]
    let distance = dot(apart, apart)
    if (distance, numbers[middle]) < (best.squaredDistance, best.index) { best = (numbers[middle], distance) }
    let beyond = apart[axes[middle]]
    let (below, above) = (range.lowerBound..<middle, middle + 1..<range.upperBound)
    search(beyond < 0 ? below : above, query, &best)
    if beyond * beyond <= best.squaredDistance { search(beyond < 0 ? above : below, query, &best) }
  }
}
