import Layers

/// Elastic instance normalisation: gives x the style of an identity, as far as a learned gate lets it (section 3.3 of
/// the 3D-CoreNet paper).
///
///     e = same(style),   g = gate(mean of e, mean)
///     gamma = g * gammaMap(e) + (1 - g) deviation,   beta = g * betaMap(e) + (1 - g) mean
///     y = leaky((x - mean) / deviation * (1 + gamma) + beta)
///
/// The gate is not squashed. Mean and deviation are per sample and channel; the variance divides by points - 1.
struct ElaIN: Sendable {
  let same, gamma, beta, gate: PointwiseConvolution
  let leakySlope: Double

  init(_ name: String, width: Int, style: Int, leakySlope: Double) {
    same = PointwiseConvolution("\(name).mlp_same", style, width)
    gamma = PointwiseConvolution("\(name).mlp_gamma", width, width)
    beta = PointwiseConvolution("\(name).mlp_beta", width, width)
    gate = PointwiseConvolution("\(name).mlp_weight", 2 * width, width)
    self.leakySlope = leakySlope
  }

  var convolutions: [PointwiseConvolution] { [same, gamma, beta, gate] }

  /// Mean and deviation of x, `[batch, 1, width]` each; the norms that read one x share them.
  struct Statistics {
    let mean, deviation: Tensor

    init(_ x: Tensor, epsilon: Double) {
      let points = Double(x.shape[1])
      let (mean, variance) = channelMoments(x)
      self.mean = mean
      deviation = fused("elain.deviation", [variance], scalars: [points / (points - 1), epsilon]) { x, s in
        sqrt(x[0] * s[0] + s[1])
      }
    }
  }

  /// - Parameters:
  ///   - x: `[batch, points, width]`.
  ///   - folds: whether gamma and beta come from the style in one map each; the result is the same.
  func callAsFunction(
    _ x: Tensor, _ statistics: Statistics, _ style: IdentityStyle, _ pass: ForwardPass, folds: Bool
  ) -> Tensor {
    let toWidth = same.map(pass)
    let (gammas, betas): (Tensor, Tensor)
    if folds {
      func mapped(_ layer: PointwiseConvolution) -> Tensor {
        style.mapped(by: layer.name, pass) { layer.map(pass, after: same) }
      }
      (gammas, betas) = (mapped(gamma), mapped(beta))
    } else {
      let e = toWidth(style.points)
      (gammas, betas) = (gamma(e, pass), beta(e, pass))
    }
    let g = gate(concatenate([toWidth(style.mean), statistics.mean]), pass)
    let operands = [x, gammas, betas, statistics.mean, statistics.deviation, g]
    return fused("elain", operands) { x, _ in
      let (mean, deviation, g) = (x[3], x[4], x[5])
      // In brackets what is the same for all points.
      let onePlusGamma = g * x[1] + (1 + (1 - g) * deviation)
      let beta = g * x[2] + ((1 - g) * mean)
      return leakyReLU((x[0] - mean) / deviation * onePlusGamma + beta, slope: ScalarExpression(leakySlope))
    }
  }
}
