/// Batch normalisation with batch statistics as one tape node; saves z and three values per channel.
///
/// With xhat = (z - mean) inverse, d = dy where the ReLU is open, w a row's multiplicity, n their sum over the batch:
///
///     dgain = sum of d xhat,   dbias = sum of d
///     dz = gain inverse (d - w (dbias + xhat dgain) / n)
func batchNorm(
  _ z: Tensor, gain: Tensor, bias: Tensor, multiplicity: RowMultiplicity?, residual: Tensor?, epsilon: Double,
  hasReLU: Bool
) -> (output: Tensor, mean: TensorView, variance: TensorView) {
  let device = z.device
  let channels = z.shape[2]
  let mean = device.allocate(z.elementType, [channels])
  let variance = device.allocate(z.elementType, [channels])
  device.moments(z.view, weights: multiplicity?.weights, mean: mean, variance: variance)
  let inverse = device.allocate(z.elementType, [channels])
  device.map(inverseDeviation, [variance], scalars: [epsilon], into: [inverse])

  let y = device.allocate(z.elementType, z.shape)
  let operands = [z.view, mean, inverse, gain.view, bias.view]
  device.map(
    forwardProgram(hasReLU: hasReLU, hasResidual: residual != nil), operands + (residual.map { [$0.view] } ?? []),
    into: [y])

  let count = Double(z.shape[0]) * (multiplicity?.total ?? Double(z.shape[1]))
  let weights = multiplicity?.weights.reshaped([1, z.shape[1], 1])
  let hasResidual = residual != nil
  let output = Tensor.recording(
    "batchNorm", y, from: [z, gain, bias] + (residual.map { [$0] } ?? []), saving: operands
  ) { gradients, saved in
    let device = gradients.device
    let dy = gradients.upstream
    let inputs = [dy] + saved
    let sums = (0..<2).map { _ in device.allocate(dy.elementType, [1, 1, channels]) }
    device.reduce(.sum, sumsProgram(hasReLU: hasReLU), inputs, scalars: [], domain: dy.shape, into: sums)
    // The residual takes the upstream over as it is, so dz may overwrite it only when there is none.
    let dz = hasResidual ? device.allocate(dy.elementType, dy.shape) : dy
    device.map(
      inputProgram(hasReLU: hasReLU, hasWeights: weights != nil), inputs + sums + (weights.map { [$0] } ?? []),
      scalars: [1 / count], into: [dz])
    gradients.pass(0, dz)
    gradients.pass(1, sums[1].reshaped([channels]))
    gradients.pass(2, sums[0].reshaped([channels]))
    if hasResidual { gradients.pass(3, dy) }
  }
  return (output, mean, variance)
}

private let inverseDeviation = ElementwiseProgram("batchNorm.inverse", inputs: 1, scalars: 1) { x, s in
  [1 / sqrt(x[0] + s[0])]
}

private func forwardProgram(hasReLU: Bool, hasResidual: Bool) -> ElementwiseProgram {
  ElementwiseProgram("batchNorm", inputs: hasResidual ? 6 : 5) { x, _ in
    let y = (x[0] - x[1]) * (x[2] * x[3]) + x[4]
    let activated = hasReLU ? relu(y) : y
    return [hasResidual ? activated + x[5] : activated]
  }
}

/// Inputs: dy, z, mean, inverse, gain, bias. Gives d and xhat.
private func openGradient(_ x: [ScalarExpression], hasReLU: Bool) -> (d: ScalarExpression, xhat: ScalarExpression) {
  let centred = x[1] - x[2]
  let d = hasReLU ? select(greater(centred * (x[3] * x[4]) + x[5], 0), x[0], 0) : x[0]
  return (d, centred * x[3])
}

private func sumsProgram(hasReLU: Bool) -> ElementwiseProgram {
  ElementwiseProgram("batchNorm.sums", inputs: 6) { x, _ in
    let (d, xhat) = openGradient(x, hasReLU: hasReLU)
    return [d, d * xhat]
  }
}

private func inputProgram(hasReLU: Bool, hasWeights: Bool) -> ElementwiseProgram {
  ElementwiseProgram("batchNorm.input", inputs: hasWeights ? 9 : 8, scalars: 1) { x, s in
    let (d, xhat) = openGradient(x, hasReLU: hasReLU)
    let shared = (x[6] + xhat * x[7]) * s[0]
    return [x[3] * x[4] * (d - (hasWeights ? x[8] * shared : shared))]
  }
}
