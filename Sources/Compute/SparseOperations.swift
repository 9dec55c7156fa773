public protocol SparseOperations: AnyObject, Sendable {
  /// Sparse matrix times dense matrix, for every matrix of a batch.
  ///
  ///     y[b, r, c] = alpha * (sum over k in row r of value[k] * x[b, column[k], c]) + beta * z[b, r, c]
  ///
  /// Each row is added in CSR order, in the element type, so a run repeats bit for bit.
  /// - Parameters:
  ///   - a: CSR `[rows, inner]`, constant: no gradient flows to it.
  ///   - x: `[inner, width]` or `[batch, inner, width]`, unit stride along the width.
  ///   - z: y's shape, unit stride along the width; may be the same view as y. Needed unless beta is 0.
  ///   - y: `[rows, width]` or `[batch, rows, width]`, unit stride along the width, overwritten; shares no
  ///     memory with x.
  /// - Complexity: 2 batch nonzeros width FLOP.
  func spmm(_ a: SparseMatrix, _ x: TensorView, into y: TensorView, alpha: Double, beta: Double, adding z: TensorView?)
}

extension SparseOperations {
  public func spmm(_ a: SparseMatrix, _ x: TensorView, into y: TensorView) {
    spmm(a, x, into: y, alpha: 1, beta: 0, adding: nil)
  }
}

/// The contract of `spmm`, as a pure rule.
public func spmmRule(
  _ a: SparseMatrix, _ x: TensorView, into y: TensorView, beta: Double, adding z: TensorView?
) throws {
  guard x.rank == y.rank, y.rank == 2 || y.rank == 3, y.rank == 2 || x.shape[0] == y.shape[0] else {
    throw ComputeError(
      .shape, what: "spmm: x has shape \(x.shape), y has shape \(y.shape)",
      why: "both are matrices, or batches of one size", mend: "reshape or broadcast them to one rank and batch")
  }
  let r = y.rank
  guard x.shape[r - 2] == a.columns else {
    throw ComputeError(
      .shape, what: "spmm: x has \(x.shape[r - 2]) rows, the matrix has \(a.columns) columns",
      why: "each matrix column multiplies one row of x", mend: "pass the operator of x's own mesh level")
  }
  guard y.shape[r - 2] == a.rows, y.shape[r - 1] == x.shape[r - 1] else {
    throw ComputeError(
      .shape, what: "spmm: y has shape \(y.shape) for a matrix of \(a.rows) rows and x of shape \(x.shape)",
      why: "y has one row per matrix row and x's width", mend: "allocate y with the matrix's rows and x's width")
  }
  guard beta == 0 || z != nil else {
    throw ComputeError(
      .shape, what: "spmm: beta is \(beta) but there is no z", why: "beta scales z",
      mend: "pass z, or leave beta at 0")
  }
  for view in [x, y] + (z.map { [$0] } ?? []) {
    guard view.elementType == a.elementType else {
      throw ComputeError(
        .shape, what: "spmm: the matrix holds \(a.elementType), a dense operand \(view.elementType)",
        why: "a product computes in one real type", mend: "build the matrix in the operands' type")
    }
    guard view.shape[r - 1] <= 1 || view.strides[r - 1] == 1 else {
      throw ComputeError(
        .shape, what: "spmm: an operand has strides \(view.strides)", why: "rows are read and written as runs",
        mend: "copy it into a contiguous tensor first")
    }
  }
  if let z, z.shape != y.shape {
    throw ComputeError(
      .shape, what: "spmm: z has shape \(z.shape), y has shape \(y.shape)", why: "z is added element by element",
      mend: "give z the shape of y")
  }
}
