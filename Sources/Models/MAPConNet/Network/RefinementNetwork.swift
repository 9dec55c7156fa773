import Layers

/// Turns the warped pose into the identity's body, styled by its features (section 3.3 of the 3D-CoreNet paper).
///
/// A 3-tap convolution along the vertex list, then three ElaIN blocks of falling width. With `folds`, linear maps in a
/// row are applied as one: `conv1` after `fc`, and the map behind each block after the block's last two. That is exact,
/// in training too, and takes about a quarter of the arithmetic.
struct RefinementNetwork: Sendable {
  static let prefix = "net.netG."

  struct Block: Sendable {
    /// Spectrally normalised; `skip` has no bias.
    let first, second, skip: SpectralNorm
    let firstBias, secondBias: String
    let firstNorm, secondNorm, skipNorm: ElaIN
    /// What follows the block.
    let next: PointwiseConvolution

    init(_ name: String, width: Int, style: Int, leakySlope: Double, next: PointwiseConvolution) {
      func spectral(_ tag: String) -> SpectralNorm { SpectralNorm("\(name).conv_\(tag)", width, width) }
      func norm(_ tag: String) -> ElaIN {
        ElaIN("\(name).norm_\(tag)", width: width, style: style, leakySlope: leakySlope)
      }
      (first, second, skip) = (spectral("0"), spectral("1"), spectral("s"))
      (firstBias, secondBias) = ("\(name).conv_0.bias", "\(name).conv_1.bias")
      (firstNorm, secondNorm, skipNorm) = (norm("0"), norm("1"), norm("s"))
      self.next = next
    }

    var spectrals: [SpectralNorm] { [first, second, skip] }
    var convolutions: [PointwiseConvolution] {
      [firstNorm, secondNorm, skipNorm].flatMap(\.convolutions) + [next]
    }

    var declarations: [ParameterDeclaration] {
      spectrals.flatMap(\.declarations)
        + [firstBias, secondBias].map { ParameterDeclaration($0, [first.outputs]) }
        + convolutions.flatMap(\.declarations)
    }
  }

  let architecture: MAPConNetArchitecture
  let folds: Bool
  let fc, conv1: PointwiseConvolution
  let blocks: [Block]

  init(_ architecture: MAPConNetArchitecture, folds: Bool) {
    self.architecture = architecture
    self.folds = folds
    let w = architecture.width
    let prefix = Self.prefix
    fc = PointwiseConvolution("\(prefix)fc", 3, 16 * w, taps: 3)
    conv1 = PointwiseConvolution("\(prefix)conv1", 16 * w, 16 * w)
    let widths = [16 * w, 8 * w, 4 * w, 3]
    blocks = (0..<3).map { b in
      Block(
        "\(prefix)elain_block\(b + 1)", width: widths[b], style: architecture.identityChannels,
        leakySlope: architecture.leakySlope,
        next: PointwiseConvolution("\(prefix)conv\(b + 2)", widths[b], widths[b + 1]))
    }
  }

  var declarations: [ParameterDeclaration] {
    fc.declarations + conv1.declarations + blocks.flatMap(\.declarations)
  }

  /// - Parameters:
  ///   - warped: `[batch, points, 3]`.
  ///   - style: of the identity mesh, which has as many points.
  /// - Returns: `[batch, points, 3]`.
  func callAsFunction(_ warped: Tensor, _ style: IdentityStyle, _ pass: ForwardPass) -> Tensor {
    var x = folds ? conv1.map(pass, after: fc)(unfold(warped, taps: fc.taps)) : conv1(fc(warped, pass), pass)
    for block in blocks { x = run(block, x, style, pass) }
    return fused("output", [x], scalars: [architecture.outputScale]) { x, s in s[0] * tanh(x[0]) }
  }

  /// One power iteration of every spectrally normalised weight, as a training pass makes it.
  func iteratePowers(_ pass: ForwardPass) {
    for layer in blocks.flatMap(\.spectrals) { _ = layer(pass) }
  }

  /// One block and the map behind it.
  private func run(_ block: Block, _ x: Tensor, _ style: IdentityStyle, _ pass: ForwardPass) -> Tensor {
    let epsilon = architecture.elainEpsilon
    let statistics = ElaIN.Statistics(x, epsilon: epsilon)
    let skip = block.skipNorm(x, statistics, style, pass, folds: folds)
    var y = block.firstNorm(x, statistics, style, pass, folds: folds)
    y = AffineMap(weight: block.first(pass), bias: pass.parameter(block.firstBias))(y)
    y = block.secondNorm(y, ElaIN.Statistics(y, epsilon: epsilon), style, pass, folds: folds)
    guard folds else {
      let sum = affineSum(
        [(y, block.second(pass)), (skip, block.skip(pass))], bias: pass.parameter(block.secondBias))
      return block.next(sum, pass)
    }
    // sigma moves from pass to pass, the product of the weights does not.
    let folded = pass.shared("\(block.next.name) after \(block.second.name)") {
      let next = block.next.map(pass)
      let second = next.after(
        AffineMap(weight: block.second.weight(pass), bias: pass.parameter(block.secondBias)))
      return [second.weight, second.bias, matmul(next.weight, block.skip.weight(pass))]
    }
    return affineSum(
      [(y, block.second.dividing(folded[0], pass)), (skip, block.skip.dividing(folded[2], pass))], bias: folded[1])
  }
}

/// The sum of several linear maps of `[batch, points, inputs]` tensors, and a bias.
private func affineSum(_ products: [(x: Tensor, weight: Tensor)], bias: Tensor) -> Tensor {
  let (batch, points) = (products[0].x.shape[0], products[0].x.shape[1])
  return linear(
    products.map { ($0.x.reshaped([batch * points, $0.x.shape[2]]), $0.weight) }, bias: bias
  ).reshaped([batch, points, bias.shape[0]])
}
