import Foundation

/// Entropic matching with damped Sinkhorn updates, as naive loops in Double over whole matrices, one batch element.
///
/// The backward pass differentiates the unrolled updates one after the other and keeps a dense gradient of the kernel.
public struct TransportOracle {
  public var temperature = 0.03
  public var iterations = 5
  public var constant = 1e-8

  public init(temperature: Double = 0.03, iterations: Int = 5, constant: Double = 1e-8) {
    self.temperature = temperature
    self.iterations = iterations
    self.constant = constant
  }

  public struct Result {
    /// T, `[n, m]`.
    public var matching: HostTensor
    /// `[n, 3]`.
    public var warped: HostTensor
    public var rowScalings, columnScalings: [[Double]]
    fileprivate var kernel: HostTensor
    fileprivate var mass: [Double]
  }

  /// - Parameters: query `[n, c]`, key `[m, c]`, points `[m, 3]`.
  public func forward(query: HostTensor, key: HostTensor, points: HostTensor) -> Result {
    let (n, m, channels) = (query.shape[0], key.shape[0], query.shape[1])
    var kernel = HostTensor([n, m], repeating: 0)
    for i in 0..<n {
      for j in 0..<m {
        var product = 0.0
        for c in 0..<channels { product += query.values[i * channels + c] * key.values[j * channels + c] }
        kernel.values[i * m + j] = exp((product - 1) / temperature)
      }
    }
    var rowScalings = [[Double](repeating: 1 / Double(n), count: n)]
    var columnScalings: [[Double]] = []
    for _ in 0..<iterations {
      let a = rowScalings[rowScalings.count - 1]
      let b = times(kernel.transposed, a).map { 1 / Double(m) / ($0 + constant) }
      columnScalings.append(b)
      rowScalings.append(times(kernel, b).map { 1 / Double(n) / ($0 + constant) })
    }
    // As published, the last row scaling is applied before the rows are normalised.
    let (a, b) = (rowScalings[iterations], columnScalings[iterations - 1])
    var matching = kernel
    for i in 0..<n {
      var sum = 0.0
      for j in 0..<m {
        matching.values[i * m + j] *= a[i] * b[j]
        sum += matching.values[i * m + j]
      }
      for j in 0..<m { matching.values[i * m + j] /= sum }
    }
    var warped = HostTensor([n, 3], repeating: 0)
    for i in 0..<n {
      for j in 0..<m {
        for c in 0..<3 { warped.values[i * 3 + c] += matching.values[i * m + j] * points.values[j * 3 + c] }
      }
    }
    return Result(
      matching: matching, warped: warped, rowScalings: rowScalings, columnScalings: columnScalings, kernel: kernel,
      mass: times(kernel, b))
  }

  /// T as `forward` gives it, by logarithms throughout: nothing vanishes at any temperature, and the constant joins each
  /// sum as logaddexp with its own logarithm.
  public func logDomainMatching(query: HostTensor, key: HostTensor) -> HostTensor {
    let (n, m, channels) = (query.shape[0], key.shape[0], query.shape[1])
    func logSumExp(_ x: [Double]) -> Double {
      let peak = x.max() ?? 0
      return peak + log(x.reduce(0) { $0 + exp($1 - peak) })
    }
    var logKernel = HostTensor([n, m], repeating: 0)
    for i in 0..<n {
      for j in 0..<m {
        var product = 0.0
        for c in 0..<channels { product += query.values[i * channels + c] * key.values[j * channels + c] }
        logKernel.values[i * m + j] = (product - 1) / temperature
      }
    }
    var logA = [Double](repeating: -log(Double(n)), count: n)
    var logB = [Double](repeating: 0, count: m)
    for _ in 0..<iterations {
      logB = (0..<m).map { j in
        -log(Double(m)) - logSumExp((0..<n).map { logKernel.values[$0 * m + j] + logA[$0] } + [log(constant)])
      }
      logA = (0..<n).map { i in
        -log(Double(n)) - logSumExp((0..<m).map { logKernel.values[i * m + $0] + logB[$0] } + [log(constant)])
      }
    }
    var matching = HostTensor([n, m], repeating: 0)
    for i in 0..<n {
      let row = (0..<m).map { logKernel.values[i * m + $0] + logB[$0] }
      let sum = logSumExp(row)
      for j in 0..<m { matching.values[i * m + j] = exp(row[j] - sum) }
    }
    return matching
  }

  /// The gradients of query and key where that of the warped points is `dWarped` `[n, 3]`.
  public func gradient(
    _ result: Result, query: HostTensor, key: HostTensor, points: HostTensor, dWarped: HostTensor
  ) -> (query: HostTensor, key: HostTensor) {
    let (n, m, channels) = (query.shape[0], key.shape[0], query.shape[1])
    let (kernel, b) = (result.kernel, result.columnScalings[iterations - 1])
    var dKernel = HostTensor([n, m], repeating: 0)
    var db = [Double](repeating: 0, count: m)
    // T = K b / mass: from dT to dK and db.
    for i in 0..<n {
      var dMatching = [Double](repeating: 0, count: m)
      for j in 0..<m {
        for c in 0..<3 { dMatching[j] += dWarped.values[i * 3 + c] * points.values[j * 3 + c] }
      }
      var mean = 0.0
      for j in 0..<m { mean += dMatching[j] * result.matching.values[i * m + j] }
      for j in 0..<m {
        let slope = (dMatching[j] - mean) / result.mass[i]
        dKernel.values[i * m + j] = slope * b[j]
        db[j] += slope * kernel.values[i * m + j]
      }
    }
    for t in (1...iterations).reversed() {
      let (a, b) = (result.rowScalings[t - 1], result.columnScalings[t - 1])
      // b = (1 / m) / s, s = K' a + constant.
      let ds = (0..<m).map { -db[$0] * b[$0] * b[$0] * Double(m) }
      for i in 0..<n { for j in 0..<m { dKernel.values[i * m + j] += a[i] * ds[j] } }
      guard t > 1 else { break }
      // a = (1 / n) / r, r = K b + constant, with b of the update before.
      let da = times(kernel, ds)
      let dr = (0..<n).map { -da[$0] * a[$0] * a[$0] * Double(n) }
      let before = result.columnScalings[t - 2]
      for i in 0..<n { for j in 0..<m { dKernel.values[i * m + j] += dr[i] * before[j] } }
      db = times(kernel.transposed, dr)
    }
    var (dQuery, dKey) = (HostTensor(query.shape, repeating: 0), HostTensor(key.shape, repeating: 0))
    for i in 0..<n {
      for j in 0..<m {
        let slope = dKernel.values[i * m + j] * kernel.values[i * m + j] / temperature
        for c in 0..<channels {
          dQuery.values[i * channels + c] += slope * key.values[j * channels + c]
          dKey.values[j * channels + c] += slope * query.values[i * channels + c]
        }
      }
    }
    return (dQuery, dKey)
  }

  private func times(_ matrix: HostTensor, _ x: [Double]) -> [Double] {
    let (rows, columns) = (matrix.shape[0], matrix.shape[1])
    return (0..<rows).map { i in
      var sum = 0.0
      for j in 0..<columns { sum += matrix.values[i * columns + j] * x[j] }
      return sum
    }
  }
}

extension RandomSource {
  /// `count` random unit vectors per batch element, `[batch, count, channels]`, exact in float32.
  public mutating func unitVectors(_ batch: Int, _ count: Int, _ channels: Int) -> HostTensor {
    unit(tensor([batch, count, channels]))
  }

  /// Queries that resemble the keys of their number, up to `noise` times a random vector; unrelated where keys run out.
  public mutating func queries(near keys: HostTensor, _ count: Int, noise: Double) -> HostTensor {
    let (batch, m, channels) = (keys.shape[0], keys.shape[1], keys.shape[2])
    var queries = tensor([batch, count, channels])
    for index in indices(of: [batch, min(count, m), channels]) {
      let (b, i, c) = (index[0], index[1], index[2])
      let position = (b * count + i) * channels + c
      queries.values[position] = keys.values[(b * m + i) * channels + c] + noise * queries.values[position]
    }
    return unit(queries)
  }

  /// Vectors of length 1, rounded to float32.
  private func unit(_ vectors: HostTensor) -> HostTensor {
    let channels = vectors.shape[2]
    var result = vectors
    for start in stride(from: 0, to: vectors.values.count, by: max(channels, 1)) {
      let range = start..<start + channels
      let length = vectors.values[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
      for k in range { result.values[k] = Double(Float(vectors.values[k] / length)) }
    }
    return result
  }
}

extension HostTensor {
  /// One element of the first axis.
  public subscript(element index: Int) -> HostTensor {
    let size = shape.dropFirst().reduce(1, *)
    return HostTensor(Array(shape.dropFirst()), Array(values[index * size..<(index + 1) * size]))
  }
}
