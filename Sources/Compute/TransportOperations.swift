/// Passes over the rows of a Gibbs kernel, for entropic optimal transport between two point sets.
///
/// A pass takes any number of consecutive rows of the kernel and reads them once, so that a caller can keep the whole
/// kernel, or compute it block by block in a workspace that stays in cache. A kernel has the real type that everything
/// else has, or bfloat16 beside float32; then values are rounded once, when they are written, and all arithmetic is in
/// float32.
///
/// **Shifted form.** With a `rowScale` the stored kernel is K', and K[b, i, j] = rowScale[b, i] K'[b, i, j]. The
/// greatest element of each row of K' is 1, whatever the temperature; K itself underflows float32 where
/// (similarity - 1) / temperature falls below -87.
///
/// Column sums add partial sums over panels of rows in ascending order; panels depend on the shape alone.
public protocol TransportOperations: AnyObject, Sendable {
  /// The Gibbs kernel of a similarity whose greatest value is 1, and weighted sums of its columns.
  ///
  ///     kernel[b, i, j] = exp((similarity[b, i, j] - 1) / temperature)
  ///
  /// With a `rowScale`, in the shifted form:
  ///
  ///     kernel[b, i, j] = exp((similarity[b, i, j] - peak) / temperature),   peak = max over j of similarity[b, i, j]
  ///     rowScale[b, i] = exp((peak - 1) / temperature)
  ///
  /// - Parameters:
  ///   - similarity: real, `[batch, rows, columns]`, unit stride along the columns.
  ///   - kernel: its shape and type, or bfloat16 beside float32, unit stride along the columns; may be the very same
  ///     view as `similarity`.
  ///   - rowScale: `[batch, rows]`, overwritten, unit stride along the rows; nil for the plain form.
  ///   - summing: which weighted sums of the columns of K to take in the same pass.
  func gibbsKernel(
    _ similarity: TensorView, temperature: Double, into kernel: TensorView, rowScale: TensorView?,
    summing: WeightedColumnSums?)

  /// One row update of Sinkhorn's iteration, and the column sums that the next column update needs, in one pass.
  ///
  ///     s[b, i] = sum over j of K[b, i, j] x[b, j]
  ///     rows[b, i] = step(s[b, i])
  ///     columnSums[b, j] = beta columnSums[b, j] + sum over i of K[b, i, j] rows[b, i]
  ///
  /// - Parameters:
  ///   - kernel, rowScale: as `gibbsKernel` wrote them.
  ///   - x: `[batch, columns]`, unit stride along the columns, like `columnSums`.
  ///   - rows: `[batch, rows]`, overwritten, unit stride along the rows.
  ///   - columnSums: with beta = 0 its old content has no influence.
  /// - Complexity: 4 batch rows columns FLOP.
  func alternate(
    _ kernel: TensorView, rowScale: TensorView?, _ x: TensorView, _ step: ScalingStep, rows: TensorView,
    columnSums: TensorView, beta: Double)

  /// The barycentric projection of the rows, and the column that each of them matches best.
  ///
  ///     mass[b, i] = sum over j of kernel[b, i, j] weights[b, j]
  ///     warped[b, i, c] = (sum over j of kernel[b, i, j] weights[b, j] points[b, j, c]) / mass[b, i]
  ///     match[b, i] = arg max over j of kernel[b, i, j] weights[b, j], the lowest index where several tie
  ///
  /// A row scale would cancel in `warped` and `match`: in the shifted form `mass` is that of K'.
  /// - Parameters:
  ///   - kernel: with at least one column.
  ///   - weights: `[batch, columns]`, unit stride along the columns.
  ///   - points: `[batch, columns, 3]`, unit stride along the coordinates.
  ///   - warped: `[batch, rows, 3]`, likewise.
  ///   - mass, match: `[batch, rows]`, real and int32, unit stride along the rows.
  /// - Complexity: 8 batch rows columns FLOP.
  func project(
    _ kernel: TensorView, weights: TensorView, points: TensorView, warped: TensorView, mass: TensorView,
    match: TensorView)

  /// The adjoint of `project`'s sums with respect to the weights.
  ///
  ///     columnSums[b, j] = beta columnSums[b, j]
  ///       + sum over i of kernel[b, i, j] (sum over c of gradient[b, c, i] points[b, j, c] + gradient[b, 3, i])
  ///
  /// - Parameters:
  ///   - gradient: `[batch, 4, rows]`, unit stride along the rows: of the three sums with the points, then of the mass.
  ///   - points: as for `project`.
  ///   - columnSums: `[batch, columns]`, unit stride along the columns; with beta = 0 its old content has no influence.
  /// - Complexity: 9 batch rows columns FLOP.
  func backproject(
    _ kernel: TensorView, gradient: TensorView, points: TensorView, columnSums: TensorView, beta: Double)

  /// The Hadamard product of the kernel with a matrix of low rank.
  ///
  ///     result[b, i, j] = scale kernel[b, i, j] (sum over r of left[b, r, i] right[b, r, j])
  ///
  /// - Parameters:
  ///   - left: `[batch, rank, rows]`, unit stride along the rows.
  ///   - right: `[batch, rank, columns]`, unit stride along the columns.
  ///   - result: real, the kernel's shape, unit stride along the columns; shares no memory with the kernel.
  /// - Complexity: 2 batch rows columns rank FLOP.
  func lowRankHadamard(
    _ kernel: TensorView, left: TensorView, right: TensorView, scale: Double, into result: TensorView)
}

/// Sums over the columns of a kernel K, each row weighted:
///
///     sums[b, j] = beta sums[b, j] + sum over i of K[b, i, j] weights[b, i]
public struct WeightedColumnSums: Sendable {
  /// `[batch, rows]`, unit stride along the rows.
  public let weights: TensorView
  /// `[batch, columns]`, unit stride along the columns; with beta = 0 its old content has no influence.
  public let sums: TensorView
  public let beta: Double

  public init(weights: TensorView, sums: TensorView, beta: Double) {
    self.weights = weights
    self.sums = sums
    self.beta = beta
  }
}

/// What `alternate` makes of a row's sum s.
public enum ScalingStep: Sendable {
  /// marginal / (s + constant): a damped update towards a uniform marginal.
  case scaling(marginal: Double, constant: Double)
  /// -s a^2 / marginal: the adjoint of that update, which gave a = `scaling[b, i]`, with s the gradient of a.
  ///
  /// The derivative of marginal / r is -marginal / r^2 = -a^2 / marginal: r itself need not be kept.
  case adjoint(marginal: Double, scaling: TensorView)

  public var marginal: Double {
    switch self {
    case .scaling(let marginal, _), .adjoint(let marginal, _): marginal
    }
  }

  /// The saved scaling of an adjoint step, `[batch, rows]`, unit stride along the rows.
  public var scaling: TensorView? {
    if case .adjoint(_, let scaling) = self { scaling } else { nil }
  }

  /// The added constant; 0 for an adjoint step.
  public var constant: Double {
    if case .scaling(_, let constant) = self { constant } else { 0 }
  }
}
