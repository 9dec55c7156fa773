import Compute

/// How a normalised Laplacian's spectrum is moved before Chebyshev polynomials are built on it.
public enum LaplacianRescaling: String, Sendable, CaseIterable {
  /// The released Pose2Mesh: `L / (2 lmax) - I` on mesh graphs, spectrum in [-1, -0.5]; the joint graph's L as it is.
  case upstream
  /// The paper: `2 L / lmax - I` on all graphs, spectrum in [-1, 1].
  case paper

  /// The factor of L on a mesh graph.
  func factor(largestEigenvalue: Double) -> Double {
    switch self {
    case .upstream: 1 / (2 * largestEigenvalue)
    case .paper: 2 / largestEigenvalue
    }
  }
}

/// The normalised Laplacian `L = I - D^-1/2 A D^-1/2` of a symmetric weighted graph, self loops counted in D.
///
/// The row of an isolated node holds only its diagonal, 1. Every row stores its diagonal. The result is symmetric to the
/// last bit, so it is its own transpose.
public func normalisedLaplacian(_ adjacency: CompressedRows) -> CompressedRows {
  let inverseRoot = (0..<adjacency.rows).map { r in
    let degree = adjacency.row(r).reduce(0) { $0 + $1.value }
    return degree > 0 ? 1 / degree.squareRoot() : 0
  }
  return addingIdentity(
    1,
    to: mapValues(adjacency) { row, column, value in -(inverseRoot[row] * inverseRoot[column]) * value })
}

/// `factor * L - I`.
func rescaled(_ laplacian: CompressedRows, by factor: Double) -> CompressedRows {
  addingIdentity(-1, to: mapValues(laplacian) { _, _, value in value * factor })
}

private func mapValues(_ a: CompressedRows, _ transform: (Int, Int, Double) -> Double) -> CompressedRows {
  var value = a.value
  for r in 0..<a.rows {
    for k in Int(a.rowStart[r])..<Int(a.rowStart[r + 1]) { value[k] = transform(r, Int(a.column[k]), value[k]) }
  }
  return CompressedRows(rows: a.rows, columns: a.columns, rowStart: a.rowStart, column: a.column, value: value)
}

/// `A + scale * I`, the diagonal stored in every row.
private func addingIdentity(_ scale: Double, to a: CompressedRows) -> CompressedRows {
  var rowStart: [Int32] = [0]
  var column: [Int32] = []
  var value: [Double] = []
  column.reserveCapacity(a.column.count + a.rows)
  value.reserveCapacity(a.column.count + a.rows)
  for r in 0..<a.rows {
    var hasDiagonal = false
    for entry in a.row(r) {
      if !hasDiagonal, entry.column >= r {
        hasDiagonal = true
        column.append(Int32(r))
        value.append(entry.column == r ? entry.value + scale : scale)
        if entry.column == r { continue }
      }
      column.append(Int32(entry.column))
      value.append(entry.value)
    }
    if !hasDiagonal {
      column.append(Int32(r))
      value.append(scale)
    }
    rowStart.append(Int32(column.count))
  }
  return CompressedRows(rows: a.rows, columns: a.columns, rowStart: rowStart, column: column, value: value)
}

extension JointSet {
  /// The joint graph's operator: its normalised Laplacian, which upstream does not rescale.
  public func laplacian(rescaling: LaplacianRescaling = .upstream) -> CompressedRows {
    let laplacian = normalisedLaplacian(adjacency)
    switch rescaling {
    case .upstream: return laplacian
    case .paper:
      return rescaled(laplacian, by: rescaling.factor(largestEigenvalue: largestEigenvalue(of: laplacian)))
    }
  }
}
