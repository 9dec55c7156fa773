/// How values combine.
public enum Reduction: Sendable, Hashable, CaseIterable { case sum, maximum, minimum }

public protocol ReductionOperations: AnyObject, Sendable {
  /// Evaluates a program at every element of the inputs and reduces over the axes where the outputs have size 1.
  ///
  ///     output[kept] = reduction over the other axes of program(inputs)
  ///
  /// Sums accumulate in tiles whose partial sums combine in Double where the host does it, pairwise on GPUs;
  /// the order depends on the shape alone.
  /// - Parameters:
  ///   - inputs: broadcast together to the domain, whose shape is `domain`.
  ///   - outputs: shape of the domain with 1 on every reduced axis, contiguous. A sum over nothing is 0,
  ///     a maximum -infinity, a minimum +infinity.
  func reduce(
    _ reduction: Reduction, _ program: ElementwiseProgram, _ inputs: [TensorView], scalars: [Double],
    domain: [Int], into outputs: [TensorView])

  /// The index along the last axis of the greatest (or least) element; the first one where several tie.
  ///
  /// - Parameters:
  ///   - x: real, `[..., n]` with n > 0.
  ///   - index: int32, contiguous, `x`'s shape without its last axis.
  func argReduce(_ reduction: Reduction, _ x: TensorView, into index: TensorView)

  /// Mean and population variance per column, by Welford's method with Chan's merge.
  ///
  ///     mean[c] = sum of w[r] x[r, c] / sum of w,   variance[c] = sum of w[r] (x[r, c] - mean[c])^2 / sum of w
  ///
  /// - Parameters:
  ///   - x: real, `[batch, rows, columns]`, unit stride along the columns. Sums run over batch and rows.
  ///   - weights: `[rows]`, contiguous, of x's type: how many equal rows this one stands for; nil counts each once.
  ///   - mean, variance: `[columns]`, contiguous.
  func moments(_ x: TensorView, weights: TensorView?, mean: TensorView, variance: TensorView)

  /// y = log of the sum of exp(x) along the last axis, with the maximum taken out first.
  ///
  /// - Parameters: x: real, `[..., n]`; y: contiguous, x's shape with 1 as last axis.
  func logSumExp(_ x: TensorView, into y: TensorView)
}

// MARK: - Compositions: the defaults, and the twins that tests hold fused kernels against

extension ReductionOperations where Self: ElementwiseOperations & MemoryOperations {
  public func moments(_ x: TensorView, weights: TensorView?, mean: TensorView, variance: TensorView) {
    composedMoments(x, weights: weights, mean: mean, variance: variance)
  }

  /// Two passes: the mean, then the mean squared distance from it.
  public func composedMoments(_ x: TensorView, weights: TensorView?, mean: TensorView, variance: TensorView) {
    orTrap(try momentsRule(x, weights: weights, mean: mean, variance: variance))
    let columns = x.shape[2]
    let one = allocate(x.elementType, [1])
    fill(one, with: 1)
    let w = weights.map { $0.reshaped([1, $0.shape[0], 1]) } ?? one
    let total = allocate(x.elementType, [1, 1, 1])
    reduce(
      .sum, .identity, [w], scalars: [], domain: [x.shape[0], x.shape[1], 1], into: [total])
    let meanView = mean.reshaped([1, 1, columns])
    let weighted = ElementwiseProgram("moments.mean", inputs: 3) { x, _ in [x[0] * x[1] / x[2]] }
    reduce(.sum, weighted, [x, w, total], scalars: [], domain: x.shape, into: [meanView])
    let squared = ElementwiseProgram("moments.variance", inputs: 4) { x, _ in
      let d = x[0] - x[3]
      return [d * d * x[1] / x[2]]
    }
    reduce(
      .sum, squared, [x, w, total, meanView], scalars: [], domain: x.shape,
      into: [variance.reshaped([1, 1, columns])])
  }

  public func logSumExp(_ x: TensorView, into y: TensorView) {
    let peak = allocate(x.elementType, y.shape)
    reduce(.maximum, .identity, [x], scalars: [], domain: x.shape, into: [peak])
    let sum = allocate(x.elementType, y.shape)
    // An infinite peak is not taken out: infinity minus infinity is NaN (which select takes for true), and the
    // plain sum gives the infinite result.
    func finite(_ peak: ScalarExpression) -> ScalarExpression { select(peak - peak, 0, peak) }
    let shifted = ElementwiseProgram("logSumExp.sum", inputs: 2) { x, _ in [exp(x[0] - finite(x[1]))] }
    reduce(.sum, shifted, [x, peak], scalars: [], domain: x.shape, into: [sum])
    map(ElementwiseProgram("logSumExp", inputs: 2) { x, _ in [log(x[0]) + finite(x[1])] }, [sum, peak], into: [y])
  }
}

// MARK: - Shape rules

public func reduceRule(
  _ program: ElementwiseProgram, _ inputs: [TensorView], scalars: [Double], domain: [Int], into outputs: [TensorView]
) throws {
  try elementwiseRule(program, inputs, scalars: scalars, outputs: outputs)
  for output in outputs {
    let fits =
      output.rank == domain.count && zip(output.shape, domain).allSatisfy { $0 == $1 || $0 == 1 }
      && output.shape == outputs[0].shape
    guard fits, output.isContiguous else {
      throw ComputeError(
        .shape, what: "\(program.name): an output of shape \(output.shape) cannot hold a reduction of \(domain)",
        why: "an axis is kept whole or has size 1, alike in all outputs, without gaps",
        mend: "give every output the domain's shape with 1 on each reduced axis")
    }
  }
  for (index, input) in inputs.enumerated() where !canBroadcast(input.shape, to: domain) {
    throw ComputeError(
      .shape, what: "\(program.name): input \(index) has shape \(input.shape), the domain is \(domain)",
      why: "an axis is repeated only when its size is 1",
      mend: "reshape the input so that its axes line up from the right")
  }
}

public func momentsRule(_ x: TensorView, weights: TensorView?, mean: TensorView, variance: TensorView) throws {
  guard x.rank == 3, x.elementType.isReal, x.shape[2] < 2 || x.strides[2] == 1 else {
    throw ComputeError(
      .shape, what: "moments: x has shape \(x.shape) and strides \(x.strides)",
      why: "x is [batch, rows, columns] with neighbouring columns side by side", mend: "reshape or copy x")
  }
  for view in [mean, variance]
  where view.shape != [x.shape[2]] || !view.isContiguous || view.elementType != x.elementType {
    throw ComputeError(
      .shape, what: "moments: a result of shape \(view.shape) and type \(view.elementType) for x of shape \(x.shape)",
      why: "there is one mean and one variance per column, of x's type", mend: "pass contiguous [\(x.shape[2])] views")
  }
  if let weights, weights.shape != [x.shape[1]] || !weights.isContiguous || weights.elementType != x.elementType {
    throw ComputeError(
      .shape, what: "moments: weights of shape \(weights.shape) for x of shape \(x.shape)",
      why: "there is one weight per row of x", mend: "pass a contiguous [\(x.shape[1])] view of x's type")
  }
}
