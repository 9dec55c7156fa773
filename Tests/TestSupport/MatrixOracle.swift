import Compute

extension Oracle {
  /// `gemm` for `[batch, m, k]` times `[batch, k, n]`: alpha a b + beta c + bias, before any activation.
  ///
  /// A batch of 1 in `a` or `b` serves every matrix of the batch. With beta = 0, `c` is not read.
  public static func gemm(
    _ a: HostTensor, _ b: HostTensor, adding c: HostTensor, alpha: Double = 1, beta: Double = 0,
    bias: (_ row: Int, _ column: Int) -> Double = { _, _ in 0 }
  ) -> SummedTensor {
    let (batch, m, n, k) = (c.shape[0], c.shape[1], c.shape[2], a.shape[2])
    var result = SummedTensor([batch, m, n])
    for index in 0..<batch {
      let aStart = a.shape[0] == 1 ? 0 : index * m * k
      let bStart = b.shape[0] == 1 ? 0 : index * k * n
      for row in 0..<m {
        for column in 0..<n {
          let position = (index * m + row) * n + column
          var sum = bias(row, column)
          var magnitude = abs(sum)
          if beta != 0 {
            sum += beta * c.values[position]
            magnitude += abs(beta * c.values[position])
          }
          for inner in 0..<k {
            let term = alpha * a.values[aStart + row * k + inner] * b.values[bStart + inner * n + column]
            sum += term
            magnitude += abs(term)
          }
          result.tensor.values[position] = sum
          result.magnitude[position] = magnitude
        }
      }
    }
    return result
  }

  /// `spmm` for x `[batch, inner, width]` and z `[batch, rows, width]`. With beta = 0, `z` is not read.
  public static func spmm(
    _ a: CompressedRows, _ x: HostTensor, alpha: Double = 1, beta: Double = 0, adding z: HostTensor? = nil
  ) -> SummedTensor {
    let (batch, width) = (x.shape[0], x.shape[2])
    var result = SummedTensor([batch, a.rows, width])
    for index in 0..<batch {
      for row in 0..<a.rows {
        for column in 0..<width {
          let position = (index * a.rows + row) * width + column
          let start = beta == 0 ? 0 : beta * z!.values[position]
          var sum = start
          var magnitude = abs(start)
          for k in Int(a.rowStart[row])..<Int(a.rowStart[row + 1]) {
            let term = alpha * a.value[k] * x.values[(index * a.columns + Int(a.column[k])) * width + column]
            sum += term
            magnitude += abs(term)
          }
          result.tensor.values[position] = sum
          result.magnitude[position] = magnitude
        }
      }
    }
    return result
  }

  /// `moments` for x `[batch, rows, columns]`.
  public static func moments(_ x: HostTensor, weights: [Double]?) -> (mean: [Double], variance: [Double]) {
    let (batch, rows, columns) = (x.shape[0], x.shape[1], x.shape[2])
    var mean = [Double](repeating: 0, count: columns)
    var variance = mean
    let w = weights ?? [Double](repeating: 1, count: rows)
    let total = Double(batch) * w.reduce(0, +)
    for position in x.values.indices {
      mean[position % columns] += w[position / columns % rows] * x.values[position] / total
    }
    for position in x.values.indices {
      let distance = x.values[position] - mean[position % columns]
      variance[position % columns] += w[position / columns % rows] * distance * distance / total
    }
    return (mean, variance)
  }
}
