import Compute

/// The largest eigenvalue of a symmetric matrix, which must be positive (as those of Laplacians are), to a relative error
/// below 1e-10.
///
/// Rows that hold nothing but their diagonal (fake nodes) are eigenvalues themselves. The rest goes to the Lanczos
/// recurrence without reorthogonalisation: lost orthogonality only brings copies of eigenvalues already found, it does not
/// spoil the extreme ones (Paige, "Accuracy and effectiveness of the Lanczos algorithm for the symmetric eigenproblem",
/// 1980). It stops when the residual of the largest Ritz value, a bound of its error, is below 1e-12 of it. Multiple
/// eigenvalues do no harm, as only the value is wanted.
public func largestEigenvalue(of matrix: CompressedRows) -> Double {
  precondition(matrix.rows == matrix.columns && matrix.rows > 0, "largestEigenvalue: the matrix is not square")
  var largest = -Double.infinity
  var isCoupled = [Bool](repeating: false, count: matrix.rows)
  for r in 0..<matrix.rows {
    isCoupled[r] = matrix.row(r).contains { $0.column != r }
    if !isCoupled[r] { largest = max(largest, matrix.row(r).reduce(0) { $0 + $1.value }) }
  }
  let coupled = matrix.restricted(to: (0..<matrix.rows).filter { isCoupled[$0] })
  return coupled.rows == 0 ? largest : max(largest, lanczos(coupled))
}

extension CompressedRows {
  /// The rows and columns named in `nodes`, which is ascending, in that order; entries elsewhere are dropped.
  func restricted(to nodes: [Int]) -> CompressedRows {
    var place = [Int32](repeating: -1, count: columns)
    for (index, node) in nodes.enumerated() { place[node] = Int32(index) }
    var rowStart: [Int32] = [0]
    var column: [Int32] = []
    var value: [Double] = []
    for node in nodes {
      for entry in row(node) where place[entry.column] >= 0 {
        column.append(place[entry.column])
        value.append(entry.value)
      }
      rowStart.append(Int32(column.count))
    }
    return CompressedRows(rows: nodes.count, columns: nodes.count, rowStart: rowStart, column: column, value: value)
  }
}

/// The tridiagonal matrix of a Lanczos run.
private struct Tridiagonal {
  var diagonal: [Double] = []
  /// `offDiagonal[i]` couples rows i and i + 1; the last one leads out of the matrix.
  var offDiagonal: [Double] = []

  /// The largest eigenvalue, by bisection on Sturm counts.
  var largestEigenvalue: Double {
    var bound = 0.0
    for i in diagonal.indices {
      let left = i > 0 ? offDiagonal[i - 1] : 0
      let right = i + 1 < diagonal.count ? offDiagonal[i] : 0
      bound = max(bound, diagonal[i] + left + right)
    }
    var low = diagonal.max()!
    var high = max(bound, low)
    while true {
      let middle = low + (high - low) / 2
      guard middle > low, middle < high else { return high }
      if isAbove(middle) { high = middle } else { low = middle }
    }
  }

  /// Whether all eigenvalues are below `shift`: whether T - shift is negative definite.
  private func isAbove(_ shift: Double) -> Bool {
    var pivot = diagonal[0] - shift
    if pivot >= 0 { return false }
    for i in diagonal.indices.dropFirst() {
      pivot = diagonal[i] - shift - offDiagonal[i - 1] * offDiagonal[i - 1] / pivot
      if pivot >= 0 { return false }
    }
    return true
  }

  /// The residual of the Ritz pair of the largest eigenvalue: the last coupling times the last component of its unit
  /// eigenvector, which two steps of inverse iteration find.
  func residual(at eigenvalue: Double) -> Double {
    let count = diagonal.count
    let shift = eigenvalue * (1 + 1e-14)  // just above all eigenvalues: no pivoting needed
    var pivot = diagonal.map { $0 - shift }
    for i in 1..<max(count, 1) { pivot[i] -= offDiagonal[i - 1] * offDiagonal[i - 1] / pivot[i - 1] }
    var v = [Double](repeating: 1, count: count)
    for _ in 0..<2 {
      for i in 1..<max(count, 1) { v[i] -= offDiagonal[i - 1] / pivot[i - 1] * v[i - 1] }
      v[count - 1] /= pivot[count - 1]
      for i in stride(from: count - 2, through: 0, by: -1) { v[i] = (v[i] - offDiagonal[i] * v[i + 1]) / pivot[i] }
      let length = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
      v = v.map { $0 / length }
    }
    return abs(offDiagonal[count - 1] * v[count - 1])
  }
}

private func lanczos(_ matrix: CompressedRows) -> Double {
  let count = matrix.rows
  var random = PhiloxGenerator(seed: 0, stream: 0)
  var current = (0..<count).map { _ in random.normal() }
  var previous = [Double](repeating: 0, count: count)
  scale(&current, by: 1 / length(current))

  var tridiagonal = Tridiagonal()
  var coupling = 0.0
  var stepsToCheck = 10
  while true {
    // w = A v - beta v_previous - alpha v, written over v_previous.
    let alpha = advance(matrix, current, &previous, coupling)
    coupling = length(previous)
    tridiagonal.diagonal.append(alpha)
    tridiagonal.offDiagonal.append(coupling)
    let steps = tridiagonal.diagonal.count
    // A coupling that vanishes means that the vectors so far hold every eigenvalue that the first one has a part of.
    let isExhausted = coupling < 1e-14
    if isExhausted || steps >= stepsToCheck {
      let eigenvalue = tridiagonal.largestEigenvalue
      if isExhausted || tridiagonal.residual(at: eigenvalue) <= 1e-12 * abs(eigenvalue) { return eigenvalue }
      stepsToCheck = steps + max(10, steps / 8)
      precondition(steps < 100 * count + 1000, "largestEigenvalue: the matrix is not symmetric, or not finite")
    }
    scale(&previous, by: 1 / coupling)
    swap(&previous, &current)
  }
}

/// Sets `w`, which held the previous vector, to `A v - beta w - alpha v` and returns `alpha = v . (A v - beta w)`.
private func advance(_ a: CompressedRows, _ v: [Double], _ w: inout [Double], _ beta: Double) -> Double {
  var alpha = 0.0
  v.withUnsafeBufferPointer { v in
    a.column.withUnsafeBufferPointer { column in
      a.value.withUnsafeBufferPointer { value in
        w.withUnsafeMutableBufferPointer { w in
          for r in 0..<a.rows {
            var sum = -beta * w[r]
            for k in Int(a.rowStart[r])..<Int(a.rowStart[r + 1]) { sum += value[k] * v[Int(column[k])] }
            w[r] = sum
            alpha += sum * v[r]
          }
          for r in 0..<a.rows { w[r] -= alpha * v[r] }
        }
      }
    }
  }
  return alpha
}

private func length(_ v: [Double]) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }

private func scale(_ v: inout [Double], by factor: Double) {
  for i in v.indices { v[i] *= factor }
}
