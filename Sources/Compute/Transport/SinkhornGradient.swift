extension Device {
  /// The gradients of query and key from that of the warped points, through all updates.
  ///
  /// With the row sums r_t = (1 / n) / a_t, the column sums s_t = (1 / m) / b_t and the mass z, and with d for
  /// gradients, the vectors are swept backwards:
  ///
  ///     dY = dwarped / z,   dz = -sum over c of dwarped_c warped_c / z
  ///     db_T[j] = sum over i of K[i, j] (sum over c of dY[i, c] points[j, c] + dz[i])
  ///     ds_t = -db_t b_t / s_t,   da_(t-1) = K ds_t,   dr_t = -da_t a_t / r_t,   db_t = K' dr_t
  ///
  /// The gradient of K is the sum of 2 T + 3 outer products U V' of these vectors, and with dM = U V' * K / temperature
  /// (element by element) the results are dquery = dM key and dkey = dM' query: block by block, so that no second
  /// matrix of the kernel's size exists. The kernel is read T + 1 times.
  ///
  /// In the shifted form rows of U carry the row scale, except those of dY and dz, where it cancels against the mass.
  /// - Parameter dWarped: `[batch, n, 3]`, of query's type.
  /// - Returns: `[batch, n, channels]` and `[batch, m, channels]`, in fresh memory.
  public func sinkhornGradient(
    _ state: SinkhornState, dWarped: TensorView
  ) -> (query: TensorView, key: TensorView) {
    let kernel = state.kernel
    precondition(
      dWarped.shape == state.warped.shape && dWarped.elementType == kernel.elementType,
      "sinkhornGradient: the gradient is \(dWarped.elementType) \(dWarped.shape), the points \(state.warped.shape)")
    let factors = SinkhornFactors(state, on: self)
    projectionFactors(state, dWarped, into: factors)
    sweepBackwards(state, factors)

    let dQuery = allocate(kernel.elementType, kernel.query.shape)
    let dKey = allocate(kernel.elementType, kernel.key.shape)
    let workspace = allocate(
      kernel.elementType, [kernel.batch, kernel.blocks[0].count, kernel.columns])
    forEachBlock(of: kernel) { block in
      let dSimilarity = workspace.sliced(axis: 1, 0..<block.rows.count)
      lowRankHadamard(
        block.kernel, left: factors.left.sliced(axis: 2, block.rows), right: factors.right,
        scale: 1 / kernel.temperature, into: dSimilarity)
      gemm(dSimilarity, kernel.key, into: dQuery.sliced(axis: 1, block.rows))
      gemm(
        dSimilarity.transposed, kernel.query.sliced(axis: 1, block.rows), into: dKey, alpha: 1, beta: block.beta)
    }
    return (dQuery, dKey)
  }

  /// The pairs (dY_c, b_T points_c) and (dz, b_T).
  private func projectionFactors(_ state: SinkhornState, _ dWarped: TensorView, into factors: SinkhornFactors) {
    func coordinates(_ view: TensorView) -> [TensorView] { (0..<3).map { view.selecting(axis: 2, $0) } }
    map(
      projectionRowProgram, coordinates(dWarped) + coordinates(state.warped) + [state.mass],
      into: (0..<4).map { factors.left.selecting(axis: 1, $0) })
    let last = state.columnScalings.selecting(axis: 1, state.settings.iterations - 1)
    map(
      projectionColumnProgram, coordinates(state.points) + [last],
      into: (0..<4).map { factors.right.selecting(axis: 1, $0) })
  }

  /// The pairs (a_(t-1), ds_t) and (dr_t, b_t).
  private func sweepBackwards(_ state: SinkhornState, _ factors: SinkhornFactors) {
    let kernel = state.kernel
    let iterations = state.settings.iterations
    let db = allocate(kernel.elementType, [kernel.batch, kernel.columns])
    forEachBlock(of: kernel) { block in
      backproject(
        block.kernel, gradient: factors.left.sliced(axis: 1, 0..<4).sliced(axis: 2, block.rows),
        points: state.points, columnSums: db, beta: block.beta)
    }
    for t in (0..<iterations).reversed() {
      let ds = factors.columnUpdate(t)
      map(
        scalingAdjointProgram, [db, state.columnScalings.selecting(axis: 1, t)], scalars: [Double(kernel.columns)],
        into: [ds])
      guard t > 0 else { break }
      let (a, dr) = (state.rowScalings.selecting(axis: 1, t), factors.rowUpdate(t))
      forEachBlock(of: kernel) { block in
        alternate(
          block.kernel, rowScale: block.rowScale, ds,
          .adjoint(marginal: 1 / Double(kernel.rows), scaling: a.sliced(axis: 1, block.rows)),
          rows: dr.sliced(axis: 1, block.rows), columnSums: db, beta: block.beta)
      }
    }
    copy(state.rowScalings, to: factors.left.sliced(axis: 1, 4..<4 + iterations))
    copy(
      state.columnScalings.sliced(axis: 1, 0..<iterations - 1),
      to: factors.right.sliced(axis: 1, 4 + iterations..<2 * iterations + 3))
    if let rowScale = kernel.rowScale {
      let scaled = factors.left.sliced(axis: 1, 4..<2 * iterations + 3)
      map(rowScaleProgram, [scaled, rowScale.expanded(axis: 1)], into: [scaled])
    }
  }
}

/// The gradient of the kernel as a sum of outer products: left' right, of rank 2 T + 3.
///
/// Rows 0 to 3 are the projection, rows 4 to T + 3 the updates of b_1 ... b_T, the others those of a_1 ... a_(T-1).
private struct SinkhornFactors {
  /// `[batch, rank, rows]` and `[batch, rank, columns]`.
  let left, right: TensorView
  private let iterations: Int

  init(_ state: SinkhornState, on device: any Device) {
    let kernel = state.kernel
    iterations = state.settings.iterations
    left = device.allocate(kernel.elementType, [kernel.batch, 2 * iterations + 3, kernel.rows])
    right = device.allocate(kernel.elementType, [kernel.batch, 2 * iterations + 3, kernel.columns])
  }

  /// Where the gradient of the sums of b_(t+1) goes, `[batch, columns]`.
  func columnUpdate(_ t: Int) -> TensorView { right.selecting(axis: 1, 4 + t) }

  /// Where the gradient of the sums of a_t goes, `[batch, rows]`.
  func rowUpdate(_ t: Int) -> TensorView { left.selecting(axis: 1, 3 + iterations + t) }
}

private let projectionRowProgram = ElementwiseProgram("sinkhorn.projection", inputs: 7) { x, _ in
  [x[0] / x[6], x[1] / x[6], x[2] / x[6], -(x[0] * x[3] + x[1] * x[4] + x[2] * x[5]) / x[6]]
}
private let projectionColumnProgram = ElementwiseProgram("sinkhorn.points", inputs: 4) { x, _ in
  [x[0] * x[3], x[1] * x[3], x[2] * x[3], x[3]]
}
private let rowScaleProgram = ElementwiseProgram("sinkhorn.rowScale", inputs: 2) { x, _ in [x[0] * x[1]] }
