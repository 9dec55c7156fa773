// Compositions of the members of `TransportOperations`: the defaults, and the twins that tests hold fused kernels
// against. Each takes a temporary of the size of its block of the kernel.

extension TransportOperations
where Self: MemoryOperations & ElementwiseOperations & ReductionOperations & MatrixOperations {
  public func gibbsKernel(
    _ similarity: TensorView, temperature: Double, into kernel: TensorView, rowScale: TensorView?,
    summing: WeightedColumnSums?
  ) {
    composedGibbsKernel(
      similarity, temperature: temperature, into: kernel, rowScale: rowScale, summing: summing)
  }

  public func alternate(
    _ kernel: TensorView, rowScale: TensorView?, _ x: TensorView, _ step: ScalingStep, rows: TensorView,
    columnSums: TensorView, beta: Double
  ) {
    composedAlternate(kernel, rowScale: rowScale, x, step, rows: rows, columnSums: columnSums, beta: beta)
  }

  public func project(
    _ kernel: TensorView, weights: TensorView, points: TensorView, warped: TensorView, mass: TensorView,
    match: TensorView
  ) {
    composedProject(kernel, weights: weights, points: points, warped: warped, mass: mass, match: match)
  }

  public func backproject(
    _ kernel: TensorView, gradient: TensorView, points: TensorView, columnSums: TensorView, beta: Double
  ) {
    composedBackproject(kernel, gradient: gradient, points: points, columnSums: columnSums, beta: beta)
  }

  public func lowRankHadamard(
    _ kernel: TensorView, left: TensorView, right: TensorView, scale: Double, into result: TensorView
  ) {
    composedLowRankHadamard(kernel, left: left, right: right, scale: scale, into: result)
  }

  // MARK: - Twins

  public func composedGibbsKernel(
    _ similarity: TensorView, temperature: Double, into kernel: TensorView, rowScale: TensorView?,
    summing: WeightedColumnSums?
  ) {
    orTrap(
      try gibbsKernelRule(similarity, temperature: temperature, into: kernel, rowScale: rowScale, summing: summing))
    let (type, shape) = (similarity.elementType, similarity.shape)
    let slope = [1 / temperature]
    let values = kernel.elementType == type ? kernel : allocate(type, shape)
    if let rowScale {
      let peak = allocate(type, [shape[0], shape[1], 1])
      reduce(.maximum, .identity, [similarity], scalars: [], domain: shape, into: [peak])
      map(shiftedKernelProgram, [similarity, peak], scalars: slope, into: [values])
      map(kernelProgram, [peak.reshaped([shape[0], shape[1]])], scalars: slope, into: [rowScale])
    } else {
      map(kernelProgram, [similarity], scalars: slope, into: [values])
    }
    if kernel.elementType != type { copy(values, to: kernel) }
    guard let summing else { return }
    addColumns(
      of: real(kernel, type), rowScale: rowScale, weights: summing.weights, into: summing.sums, beta: summing.beta)
  }

  public func composedAlternate(
    _ kernel: TensorView, rowScale: TensorView?, _ x: TensorView, _ step: ScalingStep, rows: TensorView,
    columnSums: TensorView, beta: Double
  ) {
    orTrap(try alternateRule(kernel, rowScale: rowScale, x, step, rows: rows, columnSums: columnSums))
    let type = x.elementType
    let values = real(kernel, type)
    let products = allocate(type, [kernel.shape[0], kernel.shape[1], 1])
    reduce(
      .sum, productProgram, [values, x.expanded(axis: 1)], scalars: [], domain: kernel.shape, into: [products])
    let sums = products.reshaped(rows.shape)
    if let rowScale { map(productProgram, [sums, rowScale], into: [sums]) }
    switch step {
    case .scaling(let marginal, let constant):
      map(scalingProgram, [sums], scalars: [marginal, constant], into: [rows])
    case .adjoint(let marginal, let scaling):
      map(scalingAdjointProgram, [sums, scaling], scalars: [1 / marginal], into: [rows])
    }
    addColumns(of: values, rowScale: rowScale, weights: rows, into: columnSums, beta: beta)
  }

  public func composedProject(
    _ kernel: TensorView, weights: TensorView, points: TensorView, warped: TensorView, mass: TensorView,
    match: TensorView
  ) {
    orTrap(
      try projectRule(kernel, weights: weights, points: points, warped: warped, mass: mass, match: match))
    guard !mass.isEmpty else { return }
    let type = weights.elementType
    let products = allocate(type, kernel.shape)
    map(productProgram, [real(kernel, type), weights.expanded(axis: 1)], into: [products])
    let sums = allocate(type, [kernel.shape[0], kernel.shape[1], 1])
    reduce(.sum, .identity, [products], scalars: [], domain: kernel.shape, into: [sums])
    copy(sums.reshaped(mass.shape), to: mass)
    gemm(products, points, into: warped)
    map(quotientProgram, [warped, sums], into: [warped])
    let best = allocate(.int32, mass.shape)
    argReduce(.maximum, products, into: best)
    copy(best, to: match)
  }

  public func composedBackproject(
    _ kernel: TensorView, gradient: TensorView, points: TensorView, columnSums: TensorView, beta: Double
  ) {
    orTrap(try backprojectRule(kernel, gradient: gradient, points: points, columnSums: columnSums))
    let type = columnSums.elementType
    let columns = (0..<4).map { gradient.selecting(axis: 1, $0).expanded(axis: 2) }
    let coordinates = (0..<3).map { points.selecting(axis: 2, $0).expanded(axis: 1) }
    let sums = allocate(type, [kernel.shape[0], 1, kernel.shape[2]])
    reduce(
      .sum, backprojectProgram, [real(kernel, type)] + columns + coordinates, scalars: [], domain: kernel.shape,
      into: [sums])
    add(sums.reshaped(columnSums.shape), to: columnSums, beta: beta)
  }

  public func composedLowRankHadamard(
    _ kernel: TensorView, left: TensorView, right: TensorView, scale: Double, into result: TensorView
  ) {
    orTrap(try lowRankHadamardRule(kernel, left: left, right: right, into: result))
    gemm(left.transposed, right, into: result, alpha: scale, beta: 0)
    map(productProgram, [result, real(kernel, result.elementType)], into: [result])
  }

  // MARK: - Shared steps

  /// The kernel in the type that arithmetic is done in.
  private func real(_ kernel: TensorView, _ type: ElementType) -> TensorView {
    guard kernel.elementType != type else { return kernel }
    let values = allocate(type, kernel.shape)
    copy(kernel, to: values)
    return values
  }

  private func addColumns(
    of kernel: TensorView, rowScale: TensorView?, weights: TensorView, into columnSums: TensorView, beta: Double
  ) {
    let sums = allocate(kernel.elementType, [kernel.shape[0], 1, kernel.shape[2]])
    let factors = [weights] + (rowScale.map { [$0] } ?? [])
    reduce(
      .sum, factors.count == 1 ? productProgram : tripleProductProgram,
      [kernel] + factors.map { $0.expanded(axis: 2) }, scalars: [], domain: kernel.shape, into: [sums])
    add(sums.reshaped(columnSums.shape), to: columnSums, beta: beta)
  }

  /// total = beta total + sums.
  private func add(_ sums: TensorView, to total: TensorView, beta: Double) {
    if beta == 0 {
      copy(sums, to: total)
    } else {
      map(scaledSumProgram, [sums, total], scalars: [beta], into: [total])
    }
  }
}

private let kernelProgram = ElementwiseProgram("gibbsKernel", inputs: 1, scalars: 1) { x, s in
  [exp((x[0] - 1) * s[0])]
}
private let shiftedKernelProgram = ElementwiseProgram("gibbsKernel.shifted", inputs: 2, scalars: 1) { x, s in
  [exp((x[0] - x[1]) * s[0])]
}
private let productProgram = ElementwiseProgram("product", inputs: 2) { x, _ in [x[0] * x[1]] }
private let tripleProductProgram = ElementwiseProgram("product", inputs: 3) { x, _ in [x[0] * (x[1] * x[2])] }
private let quotientProgram = ElementwiseProgram("quotient", inputs: 2) { x, _ in [x[0] / x[1]] }
private let scaledSumProgram = ElementwiseProgram("add", inputs: 2, scalars: 1) { x, s in [x[0] + s[0] * x[1]] }
private let backprojectProgram = ElementwiseProgram("backproject", inputs: 8) { x, _ in
  [x[0] * (x[1] * x[5] + x[2] * x[6] + x[3] * x[7] + x[4])]
}

/// marginal / (s + constant).
let scalingProgram = ElementwiseProgram("scaling", inputs: 1, scalars: 2) { x, s in [s[0] / (x[0] + s[1])] }
/// -s a^2 / marginal, with 1 / marginal as the scalar.
let scalingAdjointProgram = ElementwiseProgram("scaling.adjoint", inputs: 2, scalars: 1) { x, s in
  [-(x[0] * x[1] * (x[1] * s[0]))]
}
