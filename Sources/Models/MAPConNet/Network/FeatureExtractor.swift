import Layers

/// Features of every vertex of a mesh, the same network for all meshes (section 3.2 of the 3D-CoreNet paper).
///
/// Three maps with instance norm, unit length, then residual blocks: `[batch, points, 3]` to `[batch, points, channels]`.
struct FeatureExtractor: Sendable {
  struct ResidualBlock: Sendable {
    let first, second: PointwiseConvolution
    /// `[1]`: the slope of both activations.
    let slope: String
  }

  let architecture: MAPConNetArchitecture
  let layers: [PointwiseConvolution]
  let blocks: [ResidualBlock]

  init(_ architecture: MAPConNetArchitecture) {
    self.architecture = architecture
    let prefix = Correspondence.prefix
    let widths = [3, architecture.width, 2 * architecture.width, 4 * architecture.width]
    layers = (1...3).map {
      PointwiseConvolution("\(prefix)adaptive_feature.layer\($0)", widths[$0 - 1], widths[$0])
    }
    let channels = architecture.channels
    blocks = (0..<architecture.residualBlocks).map { b in
      ResidualBlock(
        first: PointwiseConvolution("\(prefix)layer.\(b).conv1", channels, channels),
        second: PointwiseConvolution("\(prefix)layer.\(b).conv2", channels, channels),
        slope: "\(prefix)layer.\(b).prelu.weight")
    }
  }

  var declarations: [ParameterDeclaration] {
    layers.flatMap(\.declarations)
      + blocks.flatMap {
        $0.first.declarations + [ParameterDeclaration($0.slope, [1])] + $0.second.declarations
      }
  }

  /// The maps whose bias an instance norm takes out again: its gradient is zero in exact arithmetic.
  var convolutions: [PointwiseConvolution] { layers + blocks.flatMap { [$0.first, $0.second] } }

  func callAsFunction(_ points: Tensor, _ pass: ForwardPass) -> Tensor {
    var x = points
    for (number, layer) in layers.enumerated() {
      let isLast = number == layers.count - 1
      let slope = isLast ? 1 : architecture.leakySlope
      x = instanceNorm(layer(x, pass)) { y, _ in leakyReLU(y, slope: ScalarExpression(slope)) }
    }
    x = unitLength(x, epsilon: architecture.unitEpsilon)
    for block in blocks {
      let slope = pass.parameter(block.slope)
      let inner = instanceNorm(block.first(x, pass), [slope]) { y, x in leakyReLU(y, slope: x[0]) }
      x = instanceNorm(block.second(inner, pass), [slope, x]) { y, x in leakyReLU(y + x[1], slope: x[0]) }
    }
    return x
  }

  /// Instance norm without learned parameters, and what follows it, in one kernel.
  private func instanceNorm(
    _ x: Tensor, _ others: [Tensor] = [],
    _ body: (_ normalized: ScalarExpression, _ others: [ScalarExpression]) -> ScalarExpression
  ) -> Tensor {
    let (mean, variance) = channelMoments(x)
    let deviation = fused("instanceNorm.deviation", [variance], scalars: [architecture.instanceNormEpsilon]) { x, s in
      sqrt(x[0] + s[0])
    }
    return fused("instanceNorm", [x, mean, deviation] + others) { x, _ in
      body((x[0] - x[1]) / x[2], Array(x.dropFirst(3)))
    }
  }
}

/// x where it is greater than 0, else slope * x. As a product, whose derivative is one too.
func leakyReLU(_ x: ScalarExpression, slope: ScalarExpression) -> ScalarExpression {
  x * select(greater(x, 0), 1, slope)
}
