/// Batch normalisation with batch statistics as one tape node; saves z, three values per channel, and where the ReLU
/// follows the sum, its own result, which the next layer saves as well.
///
/// With xhat = (z - mean) inverse, d = dy where the ReLU is open, w a row's multiplicity, n their sum over the batch:
///
///     dgain = sum of d xhat,   dbias = sum of d
///     dz = gain inverse (d - w (dbias + xhat dgain) / n)
///     dresidual = dy before the ReLU's place, d after it
func batchNorm(
  _ z: Tensor, gain: Tensor, bias: Tensor, multiplicity: RowMultiplicity?, residual: Tensor?, epsilon: Double,
  relu: BatchNorm.ReLUPlace
) -> (output: Tensor, mean: TensorView, variance: TensorView) {
  let device = z.device
  let channels = z.shape[2]
  let mean = device.allocate(z.elementType, [channels])
  let variance = device.allocate(z.elementType, [channels])
  device.moments(z.view, weights: multiplicity?.weights, mean: mean, variance: variance)
  let inverse = device.allocate(z.elementType, [channels])
  device.map(inverseDeviation, [variance], scalars: [epsilon], into: [inverse])

  let hasResidual = residual != nil
  let y = device.allocate(z.elementType, z.shape)
  let operands = [z.view, mean, inverse, gain.view, bias.view]
  device.map(
    forwardProgram(relu, hasResidual: hasResidual), operands + (residual.map { [$0.view] } ?? []), into: [y])

  let count = Double(z.shape[0]) * (multiplicity?.total ?? Double(z.shape[1]))
  let weights = multiplicity?.weights.reshaped([1, z.shape[1], 1])
  let gate: Gate = relu == .none ? .open : relu == .afterSum && hasResidual ? .result : .normalized
  let output = Tensor.recording(
    "batchNorm", y, from: [z, gain, bias] + (residual.map { [$0] } ?? []),
    saving: operands.dropLast() + [gate == .result ? y : bias.view]
  ) { gradients, saved in
    let device = gradients.device
    let dy = gradients.upstream
    let inputs = [dy] + saved
    let sums = (0..<2).map { _ in device.allocate(dy.elementType, [1, 1, channels]) }
    device.reduce(.sum, sumsProgram(gate), inputs, scalars: [], domain: dy.shape, into: sums)
    // A residual takes the upstream over, so dz may overwrite it only when there is none.
    let passesResidual = hasResidual && gradients.isWanted(3)
    let dz = passesResidual ? device.allocate(dy.elementType, dy.shape) : dy
    device.map(
      inputProgram(gate, hasWeights: weights != nil, keepsOpen: passesResidual && gate == .result),
      inputs + sums + (weights.map { [$0] } ?? []), scalars: [1 / count],
      into: passesResidual && gate == .result ? [dz, dy] : [dz])
    gradients.pass(0, dz)
    gradients.pass(1, sums[1].reshaped([channels]))
    gradients.pass(2, sums[0].reshaped([channels]))
    if passesResidual { gradients.pass(3, dy) }
  }
  return (output, mean, variance)
}

/// What tells where the ReLU let a value through.
private enum Gate {
  /// There is none.
  case open
  /// The normalised value, computed again from z.
  case normalized
  /// The layer's result.
  case result
}

private let inverseDeviation = ElementwiseProgram("batchNorm.inverse", inputs: 1, scalars: 1) { x, s in
  [1 / sqrt(x[0] + s[0])]
}

private func forwardProgram(_ relu: BatchNorm.ReLUPlace, hasResidual: Bool) -> ElementwiseProgram {
  ElementwiseProgram("batchNorm", inputs: hasResidual ? 6 : 5) { x, _ in
    [relu.applied(to: (x[0] - x[1]) * (x[2] * x[3]) + x[4], residual: hasResidual ? x[5] : nil)]
  }
}

/// Inputs: dy, z, mean, inverse, gain, and the bias or the result. Gives d and xhat.
private func openGradient(_ x: [ScalarExpression], _ gate: Gate) -> (d: ScalarExpression, xhat: ScalarExpression) {
  let centred = x[1] - x[2]
  let d =
    switch gate {
    case .open: x[0]
    case .normalized: select(greater(centred * (x[3] * x[4]) + x[5], 0), x[0], 0)
    case .result: select(greater(x[5], 0), x[0], 0)
    }
  return (d, centred * x[3])
}

private func sumsProgram(_ gate: Gate) -> ElementwiseProgram {
  ElementwiseProgram("batchNorm.sums", inputs: 6) { x, _ in
    let (d, xhat) = openGradient(x, gate)
    return [d, d * xhat]
  }
}

/// - Parameter keepsOpen: whether d is an output too.
private func inputProgram(_ gate: Gate, hasWeights: Bool, keepsOpen: Bool) -> ElementwiseProgram {
  ElementwiseProgram("batchNorm.input", inputs: hasWeights ? 9 : 8, scalars: 1) { x, s in
    let (d, xhat) = openGradient(x, gate)
    let shared = (x[6] + xhat * x[7]) * s[0]
    let dz = x[3] * x[4] * (d - (hasWeights ? x[8] * shared : shared))
    return keepsOpen ? [dz, d] : [dz]
  }
}
