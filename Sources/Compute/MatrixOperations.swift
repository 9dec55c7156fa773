/// What is applied to a product as it is written.
public struct Epilogue: Sendable {
  public enum Bias: Sendable {
    /// `[n]`, contiguous: one value per column of c.
    case perColumn(TensorView)
    /// `[m]`, contiguous: one value per row of c.
    case perRow(TensorView)
  }
  public enum Activation: Sendable, Hashable { case identity, relu }

  public let bias: Bias?
  public let activation: Activation

  public init(bias: Bias? = nil, activation: Activation = .identity) {
    self.bias = bias
    self.activation = activation
  }
}

public protocol MatrixOperations: AnyObject, Sendable {
  /// Batched general matrix product.
  ///
  ///     c = activation(alpha a b + beta c + bias)
  ///
  /// float32 accumulates in float32, in blocks; float64 in float64.
  /// - Parameters:
  ///   - a: `[m, k]` or `[batch, m, k]`; one of its last two axes has unit stride. Pass `transposed` for a
  ///     transpose. A batch stride of 0 shares one matrix.
  ///   - b: `[k, n]` or `[batch, k, n]`, likewise.
  ///   - c: `[m, n]` or `[batch, m, n]`, unit stride along n; shares no memory with a and b. With beta = 0 its old
  ///     content, NaN included, has no influence.
  /// - Complexity: 2 batch m n k FLOP.
  func gemm(
    _ a: TensorView, _ b: TensorView, into c: TensorView, alpha: Double, beta: Double, epilogue: Epilogue?)
}

extension MatrixOperations {
  public func gemm(_ a: TensorView, _ b: TensorView, into c: TensorView, alpha: Double = 1, beta: Double = 0) {
    gemm(a, b, into: c, alpha: alpha, beta: beta, epilogue: nil)
  }
}

/// A checked product: sizes and strides in the form that BLAS libraries take.
public struct GemmPlan: Sendable {
  /// One operand as a row-major matrix, possibly of the transpose.
  public struct Operand: Sendable {
    public let isTransposed: Bool
    public let leadingDimension: Int
    public let batchStride: Int
  }

  public let batch, m, n, k: Int
  public let a, b, c: Operand

  public var flop: Int { 2 * batch * m * n * k }

  /// Checks the contract of `gemm`.
  public init(_ a: TensorView, _ b: TensorView, into c: TensorView, epilogue: Epilogue? = nil) throws {
    guard a.rank == b.rank, b.rank == c.rank, c.rank == 2 || c.rank == 3 else {
      throw ComputeError(
        .shape, what: "gemm: a, b, c have shapes \(a.shape), \(b.shape), \(c.shape)",
        why: "they are matrices or batches of matrices, all three alike", mend: "reshape or broadcast them to one rank")
    }
    let r = c.rank
    (m, n, k) = (c.shape[r - 2], c.shape[r - 1], a.shape[r - 1])
    batch = r == 3 ? c.shape[0] : 1
    guard a.shape[r - 2] == m, b.shape[r - 2] == k, b.shape[r - 1] == n,
      r == 2 || (a.shape[0] == batch && b.shape[0] == batch)
    else {
      throw ComputeError(
        .shape, what: "gemm: \(a.shape) times \(b.shape) into \(c.shape)",
        why: "[m, k] times [k, n] gives [m, n], with one batch size", mend: "check which operand needs a transpose")
    }
    guard a.elementType == c.elementType, b.elementType == c.elementType, c.elementType.isReal else {
      throw ComputeError(
        .shape, what: "gemm: a, b, c are \(a.elementType), \(b.elementType), \(c.elementType)",
        why: "a product computes in one real type", mend: "copy the operands into one type first")
    }
    if let bias = epilogue?.bias {
      let (view, length) =
        switch bias {
        case .perColumn(let view): (view, n)
        case .perRow(let view): (view, m)
        }
      guard view.shape == [length], view.isContiguous, view.elementType == c.elementType else {
        throw ComputeError(
          .shape, what: "gemm: a bias of shape \(view.shape) for a product of shape \(c.shape)",
          why: "there is one bias per column (or row) of c", mend: "pass a contiguous [\(length)] view of c's type")
      }
    }
    self.a = try Self.operand("a", a)
    self.b = try Self.operand("b", b)
    self.c = try Self.operand("c", c)
    guard !self.c.isTransposed, batch <= 1 || self.c.batchStride != 0 else {
      throw ComputeError(
        .shape, what: "gemm: c has strides \(c.strides)",
        why: "every product is written to a place of its own, row by row",
        mend: "allocate c for the whole batch; for c' compute b' times a'")
    }
  }

  private static func operand(_ name: String, _ view: TensorView) throws -> Operand {
    let r = view.rank
    let (rows, columns) = (view.shape[r - 2], view.shape[r - 1])
    let (rowStride, columnStride) = (view.strides[r - 2], view.strides[r - 1])
    let batchStride = r == 3 && view.shape[0] > 1 ? view.strides[0] : 0
    if columns <= 1 || columnStride == 1, rows <= 1 || rowStride >= columns {
      return Operand(
        isTransposed: false, leadingDimension: rows <= 1 ? max(columns, 1) : rowStride, batchStride: batchStride)
    }
    if rows <= 1 || rowStride == 1, columns <= 1 || columnStride >= rows {
      return Operand(
        isTransposed: true, leadingDimension: columns <= 1 ? max(rows, 1) : columnStride, batchStride: batchStride)
    }
    throw ComputeError(
      .shape, what: "gemm: \(name) has shape \(view.shape) and strides \(view.strides)",
      why: "one of a matrix's two axes must have unit stride and the rows must not overlap",
      mend: "copy it into a contiguous tensor first")
  }
}
