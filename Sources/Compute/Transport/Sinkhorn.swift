/// One matching of two point sets, with what its gradient needs.
public struct SinkhornState: Sendable {
  /// `[batch, rows, 3]`: where each row's point goes, a convex combination of the columns' points.
  public let warped: TensorView
  /// int32 `[batch, rows]`: the column with the greatest share in each row, the lowest where several tie.
  public let match: TensorView
  /// The row scalings a_0 ... a_(T-1) of T iterations, `[batch, T, rows]`; a_0 is 1 / rows.
  public let rowScalings: TensorView
  /// The column scalings b_1 ... b_T, `[batch, T, columns]`.
  public let columnScalings: TensorView
  /// The row sums of the kernel times b_T, `[batch, rows]`, without the row scale.
  let mass: TensorView
  let points: TensorView
  let settings: SinkhornSettings
  var kernel: GibbsKernel

  /// The same matching without the kernel's memory: whoever reads the kernel computes it anew.
  public var released: SinkhornState {
    var state = self
    state.kernel = kernel.released
    return state
  }
}

extension Device {
  /// Matches every row of a query with the columns of a key by damped Sinkhorn updates, and moves it to the weighted
  /// mean of its matches (Song et al., "3D pose transfer with correspondence learning and mesh refinement", 2021, as
  /// its released code computes it).
  ///
  ///     K[i, j] = exp((q_i . k_j - 1) / temperature)
  ///     b_t = (1 / m) / (K' a_(t-1) + constant),   a_t = (1 / n) / (K b_t + constant),   a_0 = 1 / n
  ///     T[i, j] = K[i, j] b_T[j] / (sum over j of K[i, j] b_T[j]),   warped = T points
  ///
  /// The last a would cancel in T, so it is not computed. The kernel is written once and read T times (`.full`); in the
  /// shifted form, below a temperature of 0.023, K is kept as `TransportOperations` says.
  /// - Parameters:
  ///   - query: real, `[batch, n, channels]`, unit vectors with unit stride along the channels.
  ///   - key: `[batch, m, channels]`, likewise.
  ///   - points: `[batch, m, 3]`, unit stride along the coordinates.
  public func sinkhornForward(
    query: TensorView, key: TensorView, points: TensorView, settings: SinkhornSettings = SinkhornSettings()
  ) -> SinkhornState {
    orTrap(try settings.validate())
    orTrap(try sinkhornRule(query: query, key: key, points: points, settings))
    let type = query.elementType
    let (batch, n, m) = (query.shape[0], query.shape[1], key.shape[1])
    let iterations = settings.iterations
    let rowScalings = allocate(type, [batch, iterations, n])
    let columnScalings = allocate(type, [batch, iterations, m])
    let uniform = rowScalings.selecting(axis: 1, 0)
    fill(uniform, with: 1 / Double(n))

    let sums = allocate(type, [batch, m])
    let kernel = makeGibbsKernel(query: query, key: key, settings, weights: uniform, columnSums: sums)
    for t in 0..<iterations {
      let b = columnScalings.selecting(axis: 1, t)
      map(scalingProgram, [sums], scalars: [1 / Double(m), settings.constant], into: [b])
      guard t + 1 < iterations else { break }
      let a = rowScalings.selecting(axis: 1, t + 1)
      forEachBlock(of: kernel) { block in
        alternate(
          block.kernel, rowScale: block.rowScale, b, .scaling(marginal: 1 / Double(n), constant: settings.constant),
          rows: a.sliced(axis: 1, block.rows), columnSums: sums, beta: block.beta)
      }
    }

    let warped = allocate(type, [batch, n, 3])
    let (mass, match) = (allocate(type, [batch, n]), allocate(.int32, [batch, n]))
    let last = columnScalings.selecting(axis: 1, iterations - 1)
    forEachBlock(of: kernel) { block in
      project(
        block.kernel, weights: last, points: points, warped: warped.sliced(axis: 1, block.rows),
        mass: mass.sliced(axis: 1, block.rows), match: match.sliced(axis: 1, block.rows))
    }
    return SinkhornState(
      warped: warped, match: match, rowScalings: rowScalings, columnScalings: columnScalings, mass: mass,
      points: points, settings: settings, kernel: kernel)
  }

  /// The row-normalised matching matrix T, `[batch, n, m]`: one value per pair, for comparisons with references.
  public func matchingMatrix(_ state: SinkhornState) -> TensorView {
    let kernel = state.kernel
    let result = allocate(kernel.elementType, [kernel.batch, kernel.rows, kernel.columns])
    let weights = state.columnScalings.selecting(axis: 1, state.settings.iterations - 1).expanded(axis: 1)
    forEachBlock(of: kernel) { block in
      let rows = result.sliced(axis: 1, block.rows)
      copy(block.kernel, to: rows)
      map(
        matchingProgram, [rows, weights, state.mass.sliced(axis: 1, block.rows).expanded(axis: 2)], into: [rows])
    }
    return result
  }
}

/// What `sinkhornForward` demands, as a pure rule.
public func sinkhornRule(
  query: TensorView, key: TensorView, points: TensorView, _ settings: SinkhornSettings
) throws {
  guard query.rank == 3, key.rank == 3, query.shape[0] == key.shape[0], query.shape[2] == key.shape[2],
    points.shape == [key.shape[0], key.shape[1], 3]
  else {
    throw ComputeError(
      .shape, what: "sinkhorn: query \(query.shape), key \(key.shape), points \(points.shape)",
      why: "they are [batch, n, channels], [batch, m, channels] and [batch, m, 3]", mend: "pass views of these shapes")
  }
  guard query.elementType.isReal, key.elementType == query.elementType, points.elementType == query.elementType else {
    throw ComputeError(
      .shape, what: "sinkhorn: query, key, points are \(query.elementType), \(key.elementType), \(points.elementType)",
      why: "a matching computes in one real type", mend: "copy the operands into one type first")
  }
  guard !query.isEmpty, !key.isEmpty else {
    throw ComputeError(
      .shape, what: "sinkhorn: query \(query.shape), key \(key.shape)",
      why: "without points there is nothing to match", mend: "pass at least one point on either side")
  }
  guard settings.storage != .bfloat16 || query.elementType == .float32 else {
    throw ComputeError(
      .shape, what: "sinkhorn: bfloat16 storage with \(query.elementType) operands",
      why: "a kernel in bfloat16 is computed with in float32", mend: "store the kernel in full")
  }
  for (name, view) in [("query", query), ("key", key), ("points", points)]
  where view.shape[2] > 1 && view.strides[2] != 1 {
    throw ComputeError(
      .shape, what: "sinkhorn: \(name) has strides \(view.strides)", why: "each point's numbers are read as a run",
      mend: "copy it into a contiguous tensor first")
  }
}

private let matchingProgram = ElementwiseProgram("sinkhorn.matching", inputs: 3) { x, _ in [x[0] * x[1] / x[2]] }
