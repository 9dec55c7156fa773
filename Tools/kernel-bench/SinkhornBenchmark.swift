import Compute
import Foundation

/// MAPConNet's matching at its temperature and five iterations, without and with its gradient.
///
/// Features are unrelated unit vectors, as at the beginning of training. The peer writes the matching matrix out and
/// differentiates the unrolled updates; ours gives the warped points and the best matches.
func sinkhornBenchmarks(_ type: ElementType) -> [Benchmark] {
  // A kernel in bfloat16 goes with float32 only.
  let storages = SinkhornSettings.Storage.allCases.filter { $0 != .bfloat16 || type == .float32 }
  return [1024, 2048, 6890].flatMap { count in
    [sinkhornBenchmark(count, withGradient: false, .full)]
      + storages.map { sinkhornBenchmark(count, withGradient: true, $0) }
  }
}

private let channels = 256

private func sinkhornBenchmark(
  _ count: Int, withGradient: Bool, _ storage: SinkhornSettings.Storage
) -> Benchmark {
  let settings = SinkhornSettings(storage: storage)
  let pairs = count * count
  // One product forward and two backward; sweeps of 2 FLOP a value, and the product of rank 13.
  let forward = pairs * (2 * channels + 2 * 2 * settings.iterations + 8)
  let backward = pairs * (2 * 2 * channels + 2 * 2 * settings.iterations + 9 + 2 * 13)
  let name = "sinkhorn/\(count)-d\(channels)-b1/forward\(withGradient ? "+backward" : "")"
  return Benchmark(
    name: storage == .full ? name : "\(name)/\(storage)", bound: .arithmetic,
    flop: forward + (withGradient ? backward : 0), elementTraffic: (withGradient ? 4 : 2) * count * channels
  ) { device, type in
    let (query, key) = (unitVectors(count, seed: 21), unitVectors(count, seed: 22))
    let points = hostValues(count * 3, seed: 23)
    let views = [(query, channels), (key, channels), (points, 3)].map { device.uploaded($0, type, [1, count, $1]) }
    let dWarped = device.allocate(type, [1, count, 3])
    let results = Results()
    return Prepared(run: {
      let state = device.sinkhornForward(query: views[0], key: views[1], points: views[2], settings: settings)
      results.warped = state.warped
      guard withGradient else { return }
      // Of the sum of squares.
      device.map(twice, [state.warped], into: [dWarped])
      results.gradient = device.sinkhornGradient(state, dWarped: dWarped)
    }) {
      let host = HostMatching(query: query, key: key, points: points, count: count, settings)
      return try host.verify(results, on: device, type, hasShortKernel: storage == .bfloat16)
    }
  }
}

private let twice = ElementwiseProgram("twice", inputs: 1) { x, _ in [2 * x[0]] }

/// What the last run gave.
private final class Results {
  var warped: TensorView?
  var gradient: (query: TensorView, key: TensorView)?
}

/// Random vectors of length 1.
private func unitVectors(_ count: Int, seed: UInt64) -> [Float] {
  var values = hostValues(count * channels, seed: seed)
  for start in stride(from: 0, to: values.count, by: channels) {
    let range = start..<start + channels
    let length = values[range].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    for k in range { values[k] = Float(Double(values[k]) / length) }
  }
  return values
}

/// The matching in Double on the host, with the whole kernel in memory.
private struct HostMatching {
  let count: Int
  let temperature: Double
  let query, key, points: [Double]
  let kernel: Matrix
  var rowScalings: [[Double]]
  var columnScalings: [[Double]] = []

  init(query: [Float], key: [Float], points: [Float], count: Int, _ settings: SinkhornSettings) {
    self.count = count
    temperature = settings.temperature
    (self.query, self.key, self.points) = (query.map(Double.init), key.map(Double.init), points.map(Double.init))
    kernel = Matrix(gibbs: self.query, self.key, count: count, temperature: settings.temperature)
    let share = 1 / Double(count)
    rowScalings = [[Double](repeating: share, count: count)]
    for _ in 0..<settings.iterations {
      columnScalings.append(kernel.transposedTimes(rowScalings.last ?? []).map { share / ($0 + settings.constant) })
      rowScalings.append(kernel.times(columnScalings.last ?? []).map { share / ($0 + settings.constant) })
    }
  }

  /// Compares all warped points and, where there is one, sampled rows of the gradient of the sum of their squares.
  func verify(
    _ results: Results, on device: any Device, _ type: ElementType, hasShortKernel: Bool
  ) throws -> Verification {
    var result = Verification()
    guard let warpedView = results.warped else { return result }
    // A rounding of a similarity is 1 / temperature times as large in its exponential; bfloat16 rounds to 2^-8.
    let condition = hasShortKernel ? 0x1p-8 / 16 / type.epsilon : 1 / temperature
    let b = columnScalings[columnScalings.count - 1]
    let mass = kernel.times(b)
    let weighted = weightedPoints(b).map { kernel.times($0) }
    var warped = [Double](repeating: 0, count: 3 * count)
    for i in 0..<count { for c in 0..<3 { warped[i * 3 + c] = weighted[c][i] / mass[i] } }
    for (found, expected) in zip(try device.downloadDoubles(warpedView), warped) {
      result.compare(found, expected, magnitude: condition, type: type)
    }
    guard let (dQuery, dKey) = results.gradient else { return result }
    let (left, right) = gradientFactors(warped, mass)
    for (view, isQuery) in [(dQuery, true), (dKey, false)] {
      for row in spread(17, over: count) {
        let found = try device.downloadDoubles(view.selecting(axis: 0, 0).selecting(axis: 0, row))
        var (sums, sizes) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
        for other in 0..<count {
          let (i, j) = isQuery ? (row, other) : (other, row)
          var dKernel = 0.0
          for k in left.indices { dKernel += left[k][i] * right[k][j] }
          let slope = dKernel * kernel[i, j] / temperature
          for c in 0..<channels {
            let term = slope * (isQuery ? key : query)[other * channels + c]
            sums[c] += term
            sizes[c] += abs(term)
          }
        }
        for c in 0..<channels {
          result.compare(found[c], sums[c], magnitude: condition * sizes[c], type: type)
        }
      }
    }
    return result
  }

  /// b times each coordinate of the points.
  private func weightedPoints(_ b: [Double]) -> [[Double]] {
    (0..<3).map { c in vector { j in b[j] * points[j * 3 + c] } }
  }

  private func vector(_ element: (Int) -> Double) -> [Double] { (0..<count).map(element) }

  /// Pairs of vectors whose outer products add up to the gradient of the kernel.
  private func gradientFactors(_ warped: [Double], _ mass: [Double]) -> (left: [[Double]], right: [[Double]]) {
    let last = columnScalings[columnScalings.count - 1]
    var left = (0..<3).map { c in vector { i in 2 * warped[i * 3 + c] / mass[i] } }
    var dMass = [Double](repeating: 0, count: count)
    for i in 0..<count { for c in 0..<3 { dMass[i] -= left[c][i] * warped[i * 3 + c] } }
    left.append(dMass)
    var right = weightedPoints(last) + [last]
    var db = kernel.transposedTimes(dMass)
    for c in 0..<3 {
      let sums = kernel.transposedTimes(left[c])
      for j in 0..<count { db[j] += sums[j] * points[j * 3 + c] }
    }
    let scale = -Double(count)
    for t in columnScalings.indices.reversed() {
      let (a, b) = (rowScalings[t], columnScalings[t])
      let ds = vector { j in scale * db[j] * b[j] * b[j] }
      left.append(a)
      right.append(ds)
      guard t > 0 else { break }
      let da = kernel.times(ds)
      let dr = vector { i in scale * da[i] * a[i] * a[i] }
      left.append(dr)
      right.append(columnScalings[t - 1])
      db = kernel.transposedTimes(dr)
    }
    return (left, right)
  }
}

/// A square matrix of Double, worked on by all cores: the largest has 47 million elements.
private final class Matrix: @unchecked Sendable {
  private let count: Int
  private let values: UnsafeMutablePointer<Double>

  /// exp((query . key - 1) / temperature) for every pair.
  init(gibbs query: [Double], _ key: [Double], count: Int, temperature: Double) {
    self.count = count
    values = .allocate(capacity: count * count)
    let width = channels
    query.withUnsafeBytes { query in
      key.withUnsafeBytes { key in
        nonisolated(unsafe) let (values, query, key) = (values, query, key)
        DispatchQueue.concurrentPerform(iterations: count) { i in
          for j in 0..<count {
            var sum = SIMD8<Double>.zero
            for c in stride(from: 0, to: width, by: 8) {
              sum +=
                query.loadUnaligned(fromByteOffset: (i * width + c) * 8, as: SIMD8<Double>.self)
                * key.loadUnaligned(fromByteOffset: (j * width + c) * 8, as: SIMD8<Double>.self)
            }
            values[i * count + j] = exp((sum.sum() - 1) / temperature)
          }
        }
      }
    }
  }

  deinit { values.deallocate() }

  subscript(i: Int, j: Int) -> Double { values[i * count + j] }

  func times(_ x: [Double]) -> [Double] {
    (0..<count).map { i in
      var sum = 0.0
      for j in 0..<count { sum += values[i * count + j] * x[j] }
      return sum
    }
  }

  func transposedTimes(_ x: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: count)
    for i in 0..<count { for j in 0..<count { sums[j] += values[i * count + j] * x[i] } }
    return sums
  }
}
