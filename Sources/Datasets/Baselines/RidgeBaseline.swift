import Foundation

/// Ridge regression from standardised 2D joints to the mesh: the best linear guess.
///
///     W = (X^T X + lambda n I)^-1 X^T Y,   X: [n, 2 joints + 1] with a last column of ones, which is not penalised
///
/// solved by Cholesky's method in Double. Lambda is chosen from a small grid by the mean vertex error on held-out training
/// samples.
public struct RidgeBaseline: MeshBaseline {
  public let name = "ridge regression from 2D"
  public let lambda: Double
  /// `[2 joints + 1, 3 vertices]`.
  private let weights: [Float]
  private let features: Int

  static let grid = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]

  /// - Parameters:
  ///   - samples: training samples for the normal equations.
  ///   - heldOut: training samples for the choice of lambda.
  public init(fittedTo sampler: ProjectedBodySampler, samples: Range<Int>, heldOut: Range<Int>) {
    precondition(!samples.isEmpty && !heldOut.isEmpty && !samples.overlaps(heldOut), "RidgeBaseline: disjoint samples")
    let width = 3 * sampler.body.vertexCount
    let features = 2 * sampler.input.count + 1
    var gram = [Double](repeating: 0, count: features * features)
    var moment = [Double](repeating: 0, count: features * width)
    for index in samples {
      let sample = sampler.sample(index)
      let x = sample.pose2D.map(Double.init) + [1]
      for i in 0..<features {
        for j in 0..<features { gram[i * features + j] += x[i] * x[j] }
      }
      addOuterProduct(x, sample.mesh, to: &moment)
    }
    self.features = features
    let test = sampler.batch(samples: heldOut)
    var best = (error: Double.infinity, lambda: 0.0, weights: [Float]())
    for lambda in Self.grid {
      var system = gram
      for i in 0..<features - 1 { system[i * features + i] += lambda * Double(samples.count) }
      let weights = solvePositiveDefinite(system, moment, width: width).map(Float.init)
      let error = meanDistance(Self.predict(weights, features, test), test.mesh)
      if error < best.error { best = (error, lambda, weights) }
    }
    (lambda, weights) = (best.lambda, best.weights)
  }

  public func meshes(for batch: SampleBatch) -> [Float] { Self.predict(weights, features, batch) }

  private static func predict(_ weights: [Float], _ features: Int, _ batch: SampleBatch) -> [Float] {
    let width = weights.count / features
    var result = [Float](repeating: 0, count: batch.count * width)
    result.withUnsafeMutableBufferPointer { result in
      weights.withUnsafeBufferPointer { weights in
        for sample in 0..<batch.count {
          for feature in 0..<features {
            let x = feature < features - 1 ? batch.pose2D[sample * (features - 1) + feature] : 1
            for i in 0..<width { result[sample * width + i] += x * weights[feature * width + i] }
          }
        }
      }
    }
    return result
  }
}

/// Mean Euclidean distance of points `[n, 3]`.
private func meanDistance(_ a: [Float], _ b: [Float]) -> Double {
  var sum = 0.0
  for i in stride(from: 0, to: a.count, by: 3) {
    let d = SIMD3(Double(a[i] - b[i]), Double(a[i + 1] - b[i + 1]), Double(a[i + 2] - b[i + 2]))
    sum += (d * d).sum().squareRoot()
  }
  return sum / Double(a.count / 3)
}

/// Adds x y^T to `[x.count, y.count]`.
private func addOuterProduct(_ x: [Double], _ y: [Float], to sum: inout [Double]) {
  sum.withUnsafeMutableBufferPointer { sum in
    y.withUnsafeBufferPointer { y in
      for (i, factor) in x.enumerated() {
        let row = UnsafeMutableBufferPointer(rebasing: sum[i * y.count..<(i + 1) * y.count])
        for j in 0..<y.count { row[j] += factor * Double(y[j]) }
      }
    }
  }
}

/// Solves A W = B for a symmetric positive definite A `[n, n]` and B `[n, width]` by Cholesky's method.
func solvePositiveDefinite(_ a: [Double], _ b: [Double], width: Int) -> [Double] {
  let n = b.count / width
  precondition(a.count == n * n && b.count == n * width, "solvePositiveDefinite: A is square and B has as many rows")
  var l = a
  for j in 0..<n {
    for k in 0..<j {
      for i in j..<n { l[i * n + j] -= l[i * n + k] * l[j * n + k] }
    }
    precondition(l[j * n + j] > 0, "solvePositiveDefinite: A is not positive definite")
    let root = l[j * n + j].squareRoot()
    for i in j..<n { l[i * n + j] /= root }
  }
  var x = b
  x.withUnsafeMutableBufferPointer { x in
    func subtract(_ factor: Double, row source: Int, from target: Int) {
      for c in 0..<width { x[target * width + c] -= factor * x[source * width + c] }
    }
    func divide(row: Int, by divisor: Double) {
      for c in 0..<width { x[row * width + c] /= divisor }
    }
    for i in 0..<n {
      for k in 0..<i { subtract(l[i * n + k], row: k, from: i) }
      divide(row: i, by: l[i * n + i])
    }
    for i in (0..<n).reversed() {
      for k in i + 1..<n { subtract(l[k * n + i], row: k, from: i) }
      divide(row: i, by: l[i * n + i])
    }
  }
  return x
}
