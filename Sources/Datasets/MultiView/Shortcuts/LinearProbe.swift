import Foundation

/// Logistic regression on a few features, fitted on the host: what a shortcut can know at best if all it takes is a
/// weighted sum.
///
/// Features are brought to mean 0 and deviation 1 over the training rows; a feature that does not vary is left out. The loss
/// is the mean cross-entropy plus `penalty` times half the weights' square, least by Newton's method.
struct LinearProbe: Sendable {
  private let mean, scale, weights: [Double]
  private let bias: Double

  /// - Parameters:
  ///   - rows: `[rows, features]`
  ///   - labels: `[rows]`
  init(rows: [[Double]], labels: [Bool], penalty: Double = 1e-3, steps: Int = 12) {
    precondition(rows.count == labels.count && !rows.isEmpty, "LinearProbe: a label per row")
    let features = rows[0].count
    let count = Double(rows.count)
    let mean = (0..<features).map { k in rows.reduce(0) { $0 + $1[k] } / count }
    let scale = (0..<features).map { k in
      let deviation = (rows.reduce(0) { $0 + ($1[k] - mean[k]) * ($1[k] - mean[k]) } / count).squareRoot()
      return deviation > 1e-9 ? 1 / deviation : 0
    }
    self.mean = mean
    self.scale = scale
    // The last weight is the bias, which is not penalised.
    let inputs = rows.map { row in (0..<features).map { (row[$0] - mean[$0]) * scale[$0] } + [1] }
    var weights = [Double](repeating: 0, count: features + 1)
    for _ in 0..<steps {
      var gradient = [Double](repeating: 0, count: features + 1)
      var hessian = [[Double]](repeating: gradient, count: features + 1)
      for (x, label) in zip(inputs, labels) {
        let p = 1 / (1 + exp(-zip(x, weights).reduce(0) { $0 + $1.0 * $1.1 }))
        let (slope, bend) = (p - (label ? 1 : 0), max(p * (1 - p), 1e-6))
        for i in 0...features {
          gradient[i] += slope * x[i] / count
          for j in 0...i { hessian[i][j] += bend * x[i] * x[j] / count }
        }
      }
      for i in 0..<features {
        gradient[i] += penalty * weights[i]
        hessian[i][i] += penalty
      }
      let step = Self.solve(hessian, gradient)
      weights = zip(weights, step).map { $0 - $1 }
    }
    self.weights = Array(weights.dropLast())
    bias = weights[features]
  }

  func says(_ row: [Double]) -> Bool {
    row.indices.reduce(bias) { $0 + weights[$1] * (row[$1] - mean[$1]) * scale[$1] } > 0
  }

  /// The share of rows that it tells right.
  func accuracy(rows: [[Double]], labels: [Bool]) -> Double {
    Double(zip(rows, labels).count { says($0) == $1 }) / Double(rows.count)
  }

  /// Solves A x = b for a symmetric positive matrix of which the lower triangle is given, by Cholesky's factors.
  static func solve(_ lower: [[Double]], _ right: [Double]) -> [Double] {
    let n = right.count
    var l = lower
    for i in 0..<n {
      for j in 0...i {
        var sum = l[i][j]
        for k in 0..<j { sum -= l[i][k] * l[j][k] }
        l[i][j] = i == j ? max(sum, 1e-12).squareRoot() : sum / l[j][j]
      }
    }
    var x = right
    for i in 0..<n {
      for k in 0..<i { x[i] -= l[i][k] * x[k] }
      x[i] /= l[i][i]
    }
    for i in (0..<n).reversed() {
      for k in i + 1..<n { x[i] -= l[k][i] * x[k] }
      x[i] /= l[i][i]
    }
    return x
  }
}
