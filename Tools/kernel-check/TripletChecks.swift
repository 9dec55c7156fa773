import Compute

extension Harness {
  mutating func checkTriplets() {
    for (batch, points, channels, splits) in [
      (1, 1, 1, []), (2, 5, 3, [1]), (1, 70, 2, []), (2, 3, 37, [20]), (1, 9, 40, [0, 16, 16]), (2, 0, 3, []),
    ] { checkTriplet(batch, points, channels, splits) }
  }

  /// The anchor's gradient overwrites, the positive's adds, the negative's is wanted where no channels are split.
  private mutating func checkTriplet(_ batch: Int, _ points: Int, _ channels: Int, _ splits: [Int]) {
    let shape = [batch, points, channels]
    let hosts = (0..<3).map { _ in numbers(batch * points * channels) }
    let views = hosts.map { upload($0, shape) }
    let triplet = Triplet(anchor: views[0], positive: views[1], negative: views[2], splitAt: splits)
    let slopes = numbers(triplet.perPoint.reduce(1, *))
    let distances = device.allocate(elementType, [2] + triplet.perPoint)
    let difference = device.allocate(elementType, triplet.perPoint)
    device.tripletDistance(triplet, distances: distances, difference: difference)
    let gradients = [canaried(shape), canaried(shape, filledWith: 0.5), canaried(shape, filledWith: 0.25)]
    device.tripletGradient(
      triplet, distances: distances, upstream: upload(slopes, triplet.perPoint),
      anchor: Accumulator(gradients[0], beta: 0), positive: Accumulator(gradients[1], beta: 2),
      negative: splits.isEmpty ? Accumulator(gradients[2], beta: 1) : nil)

    var lengths: [[Double]] = [[], []]
    var pulls = [[Double]](repeating: [Double](repeating: 0, count: hosts[0].count), count: 2)
    for point in 0..<batch * points {
      for (first, last) in zip(triplet.bounds, triplet.bounds.dropFirst()) {
        let slope = slopes[lengths[0].count]
        for k in 0..<2 {
          let range = point * channels + first..<point * channels + last
          let length = range.reduce(0) { sum, at in
            sum + (hosts[0][at] - hosts[k + 1][at]) * (hosts[0][at] - hosts[k + 1][at])
          }.squareRoot()
          lengths[k].append(length)
          for at in range { pulls[k][at] = slope * (hosts[0][at] - hosts[k + 1][at]) / length }
        }
      }
    }
    let name = "tripletDistance \(shape) at \(splits)"
    expect("\(name) distances", distances, lengths[0] + lengths[1])
    expect(name, difference, zip(lengths[0], lengths[1]).map { $0 - $1 })
    expect("\(name) anchor", gradients[0], zip(pulls[0], pulls[1]).map { $0 - $1 })
    expect("\(name) positive", gradients[1], pulls[0].map { 1 - $0 })
    expect("\(name) negative", gradients[2], pulls[1].map { 0.25 + (splits.isEmpty ? $0 : 0) })
  }
}
