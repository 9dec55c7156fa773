import Compute

/// Fused arithmetic, sums and moments over the activations of a batch of 16 meshes of 6,890 vertices, 64 features.
let elementwiseBenchmarks: [Benchmark] = [
  mapBenchmark, sumBenchmark("reduce/sum-110240x64", keepsColumns: false),
  sumBenchmark("reduce/columns-110240x64", keepsColumns: true), momentsBenchmark, rmspropBenchmark,
]

private let (batch, vertices, features) = (16, 6890, 64)
private let shape = [batch, vertices, features]
private let elements = batch * vertices * features

/// Batch normalisation's map with its ReLU: y = relu((x - mean) * gain + bias).
private let mapBenchmark = Benchmark(
  name: "map/normalize+relu-110240x64", bound: .memory, flop: 4 * elements, elementTraffic: 2 * elements
) { device, type in
  let program = ElementwiseProgram("normalize+relu", inputs: 4) { x, _ in [relu((x[0] - x[1]) * x[2] + x[3])] }
  let x = hostValues(elements, seed: 4)
  let columns = (5..<8).map { hostValues(features, seed: $0) }
  let inputs = [device.uploaded(x, type, shape)] + columns.map { device.uploaded($0, type, [features]) }
  let y = device.allocate(type, shape)
  return Prepared(run: { device.map(program, inputs, into: [y]) }) {
    var result = Verification()
    for row in spread(97, over: batch * vertices) {
      let values = try device.downloadDoubles(y.reshaped([batch * vertices, features]).selecting(axis: 0, row))
      for column in 0..<features {
        let (mean, gain, bias) = (
          Double(columns[0][column]), Double(columns[1][column]), Double(columns[2][column])
        )
        let value = Double(x[row * features + column])
        result.compare(values[column], max((value - mean) * gain + bias, 0), magnitude: 4, type: type)
      }
    }
    return result
  }
}

/// A plain sum, of everything (a loss) or of each column (the gradient of a bias).
private func sumBenchmark(_ name: String, keepsColumns: Bool) -> Benchmark {
  Benchmark(name: name, bound: .memory, flop: elements, elementTraffic: elements) { device, type in
    let x = hostValues(elements, seed: 8)
    let xView = device.uploaded(x, type, shape)
    let y = device.allocate(type, [1, 1, keepsColumns ? features : 1])
    return Prepared(run: {
      device.reduce(.sum, .identity, [xView], scalars: [], domain: shape, into: [y])
    }) {
      var result = Verification()
      var sums = [Double](repeating: 0, count: y.elementCount)
      var magnitudes = sums
      for (position, value) in x.enumerated() {
        sums[position % sums.count] += Double(value)
        magnitudes[position % sums.count] += Double(abs(value))
      }
      for (column, value) in try device.downloadDoubles(y).enumerated() {
        result.compare(value, sums[column], magnitude: magnitudes[column], type: type)
      }
      return result
    }
  }
}

/// Mean and variance of every feature: the statistics of batch normalisation.
private let momentsBenchmark = Benchmark(
  name: "moments/110240x64", bound: .memory, flop: 4 * elements, elementTraffic: elements
) { device, type in
  let x = hostValues(elements, seed: 9)
  let xView = device.uploaded(x, type, shape)
  let (mean, variance) = (device.allocate(type, [features]), device.allocate(type, [features]))
  return Prepared(run: { device.moments(xView, weights: nil, mean: mean, variance: variance) }) {
    var result = Verification()
    let (means, variances) = (try device.downloadDoubles(mean), try device.downloadDoubles(variance))
    for column in 0..<features {
      let values = stride(from: column, to: elements, by: features).map { Double(x[$0]) }
      let expected = values.reduce(0, +) / Double(values.count)
      let spread = values.reduce(0) { $0 + ($1 - expected) * ($1 - expected) } / Double(values.count)
      result.compare(means[column], expected, magnitude: 1, type: type)
      result.compare(variances[column], spread, magnitude: 1, type: type)
    }
    return result
  }
}

/// One RMSprop step over a flat buffer of 24 times 2^20 parameters.
private let rmspropBenchmark = Benchmark(
  name: "rmsprop/24x1M", bound: .memory, flop: 8 * 24 << 20, elementTraffic: 5 * 24 << 20
) { device, type in
  let count = 24 << 20
  let (p, g) = (hostValues(count, seed: 10), hostValues(count, seed: 11))
  let (parameter, gradient) = (device.uploaded(p, type, [count]), device.uploaded(g, type, [count]))
  let meanSquare = device.allocate(type, [count])
  device.fill(meanSquare, with: 0.25)
  return Prepared(run: {
    device.rmsprop(
      parameter: parameter, gradient: gradient, meanSquare: meanSquare, learningRate: 1e-3, decay: 0.99, epsilon: 1e-8)
  }) {
    var result = Verification()
    for start in spread(31, over: count - 64) {
      let range = start..<start + 64
      let after = try device.downloadDoubles(parameter.sliced(axis: 0, range))
      let squares = try device.downloadDoubles(meanSquare.sliced(axis: 0, range))
      for (k, element) in range.enumerated() {
        let slope = Double(g[element])
        let square = 0.99 * 0.25 + (1 - 0.99) * slope * slope
        result.compare(squares[k], square, magnitude: 1, type: type)
        let expected = Double(p[element]) - 1e-3 * slope / (square.squareRoot() + 1e-8)
        result.compare(after[k], expected, magnitude: 1, type: type)
      }
    }
    return result
  }
}
