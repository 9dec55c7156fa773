import Compute

/// Triplet distances of MAPConNet at two meshes of 6,890 vertices, with the gradients of all three operands: fused, and
/// as the composition that the fused kernels replace.
///
/// The peer's row overwrites gradients, as the point-level loss does. The mesh-level loss has distances of their own for
/// identity and pose channels, and adds to gradients that are there.
let tripletBenchmarks: [Benchmark] = ["", "/composed"].flatMap { suffix in
  [
    tripletBenchmark("triplet/6890x256-b2/forward+backward" + suffix, splitAt: [], beta: 0, !suffix.isEmpty),
    tripletBenchmark("triplet/6890x2x128-b2/accumulating" + suffix, splitAt: [128], beta: 1, !suffix.isEmpty),
  ]
}

private let (batch, points, channels) = (2, 6890, 256)
private let elements = batch * points * channels

private func tripletBenchmark(_ name: String, splitAt splits: [Int], beta: Double, _ isComposed: Bool) -> Benchmark {
  // Gradients that are added to are read, too.
  Benchmark(
    name: name, bound: .memory, flop: (6 + 8) * elements, elementTraffic: (beta == 0 ? 6 : 9) * elements
  ) { device, type in
    let shape = [batch, points, channels]
    let hosts = (26..<29).map { hostValues(elements, seed: $0) }
    let views = hosts.map { device.uploaded($0, type, shape) }
    let triplet = Triplet(anchor: views[0], positive: views[1], negative: views[2], splitAt: splits)
    let gradients = views.map { device.allocate($0.elementType, shape) }
    for gradient in gradients { device.fill(gradient, with: 0) }
    let targets = gradients.map { Accumulator($0, beta: beta) }
    let distances = device.allocate(type, [2] + triplet.perPoint)
    let (difference, upstream) = (device.allocate(type, triplet.perPoint), device.allocate(type, triplet.perPoint))
    let loss = device.allocate(type, [1, 1, 1])
    let scalars = [1, 1 / Double(batch * points)]
    return Prepared(run: {
      if isComposed {
        device.composedTripletDistance(triplet, distances: distances, difference: difference)
      } else {
        device.tripletDistance(triplet, distances: distances, difference: difference)
      }
      device.reduce(.sum, hinge, [difference], scalars: scalars, domain: triplet.perPoint, into: [loss])
      device.map(hingeSlope, [difference], scalars: scalars, into: [upstream])
      if isComposed {
        device.composedTripletGradient(
          triplet, distances: distances, upstream: upstream, anchor: targets[0], positive: targets[1],
          negative: targets[2])
      } else {
        device.tripletGradient(
          triplet, distances: distances, upstream: upstream, anchor: targets[0], positive: targets[1],
          negative: targets[2])
      }
    }) {
      var result = Verification()
      let found = try device.downloadDoubles(difference)
      for point in spread(101, over: batch * points) {
        let rows = try gradients.map {
          try device.downloadDoubles($0.reshaped([batch * points, channels]).selecting(axis: 0, point))
        }
        for (g, (first, last)) in zip(triplet.bounds, triplet.bounds.dropFirst()).enumerated() {
          let (a, p, n) = (row(hosts[0], point), row(hosts[1], point), row(hosts[2], point))
          func direction(to other: [Double]) -> (distance: Double, unit: [Double]) {
            let difference = (first..<last).map { a[$0] - other[$0] }
            let distance = difference.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return (distance, difference.map { $0 / distance })
          }
          let (towards, away) = (direction(to: p), direction(to: n))
          let value = towards.distance - away.distance
          result.compare(
            found[point * (splits.count + 1) + g], value, magnitude: towards.distance + away.distance, type: type)
          let slope = value + 1 > 0 ? scalars[1] : 0
          for c in first..<last {
            let (p, n) = (slope * towards.unit[c - first], slope * away.unit[c - first])
            for (row, expected) in zip(rows, [p - n, -p, n]) {
              result.compare(row[c], expected, magnitude: scalars[1], type: type)
            }
          }
        }
      }
      return result
    }
  }
}

private func row(_ values: [Float], _ point: Int) -> [Double] {
  values[point * channels..<(point + 1) * channels].map(Double.init)
}

private let hinge = ElementwiseProgram("pointTriplet", inputs: 1, scalars: 2) { x, s in [s[1] * relu(x[0] + s[0])] }
private let hingeSlope = ElementwiseProgram("pointTriplet.slope", inputs: 1, scalars: 2) { x, s in
  [select(greater(x[0] + s[0], 0), s[1], 0)]
}
