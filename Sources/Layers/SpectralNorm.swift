/// A weight divided by an estimate of its largest singular value (Miyato et al., "Spectral Normalization for Generative
/// Adversarial Networks", ICLR 2018), as PyTorch's `spectral_norm` computes it.
///
///     training: v = unit(W^T u), then u = unit(W v);   sigma = u^T W v;   result = W / sigma
///
/// u and v move at every forward call in training and are constants to differentiation; sigma is not:
/// dW = (G - <G, W> u v^T / sigma) / sigma. Each call saves its own u and v, so a step may run several.
public struct SpectralNorm: Sendable {
  public let name: String
  public let inputs, outputs: Int

  private static let epsilon = 1e-12

  public init(_ name: String, _ inputs: Int, _ outputs: Int) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
  }

  public var declarations: [ParameterDeclaration] {
    [
      ParameterDeclaration("\(name).weight_orig", [outputs, inputs, 1]),
      ParameterDeclaration("\(name).weight_u", [outputs], .state),
      ParameterDeclaration("\(name).weight_v", [inputs], .state),
    ]
  }

  /// `[outputs, inputs]`: W as it is learned.
  public func weight(_ pass: ForwardPass) -> Tensor {
    pass.parameter("\(name).weight_orig").reshaped([outputs, inputs])
  }

  /// `[outputs, inputs]`: W / sigma.
  public func callAsFunction(_ pass: ForwardPass) -> Tensor { dividing(weight(pass), pass) }

  /// x / sigma, for an x that holds W as a factor; a matrix.
  public func dividing(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    let weight = weight(pass)
    let device = weight.device
    let (storedU, storedV) = (pass.parameters.view("\(name).weight_u"), pass.parameters.view("\(name).weight_v"))
    func column(_ size: Int) -> TensorView { device.allocate(weight.elementType, [size, 1]) }
    let (u, v, product) = (column(outputs), column(inputs), column(outputs))
    if pass.updatesStatistics {
      device.gemm(weight.view.transposed, storedU.reshaped([outputs, 1]), into: v)
      device.makeUnit(v, epsilon: Self.epsilon)
      device.gemm(weight.view, v, into: product)
      device.copy(product, to: u)
      device.makeUnit(u, epsilon: Self.epsilon)
      device.copy(u.reshaped([outputs]), to: storedU)
      device.copy(v.reshaped([inputs]), to: storedV)
    } else {
      device.copy(storedU.reshaped([outputs, 1]), to: u)
      device.copy(storedV.reshaped([inputs, 1]), to: v)
      device.gemm(weight.view, v, into: product)
    }
    let sigma = device.allocate(weight.elementType, [1, 1])
    device.reduce(.sum, multiplication, [u, product], scalars: [], domain: [outputs, 1], into: [sigma])
    let quotient = device.allocate(x.elementType, x.shape)
    device.map(division, [x.view, sigma], into: [quotient])
    return .recording("spectralNorm", quotient, from: [x, weight], saving: [x.view, u, v, sigma]) { gradients, saved in
      let (upstream, sigma) = (gradients.upstream, saved[3])
      gradients.accumulate(1) { destination, beta in
        // d sigma = -<G, x> / sigma^2, and sigma's own gradient is u v^T.
        let along = device.allocate(upstream.elementType, [1, 1])
        device.reduce(.sum, multiplication, [upstream, saved[0]], scalars: [], domain: upstream.shape, into: [along])
        let scaled = device.allocate(upstream.elementType, saved[1].shape)
        device.map(sigmaGradient, [saved[1], along, sigma], into: [scaled])
        device.gemm(scaled, saved[2].transposed, into: destination, alpha: 1, beta: beta)
      }
      device.map(division, [upstream, sigma], into: [upstream])
      gradients.pass(0, upstream)
    }
  }
}

private let multiplication = ElementwiseProgram("multiply", inputs: 2) { x, _ in [x[0] * x[1]] }
private let division = ElementwiseProgram("divide", inputs: 2) { x, _ in [x[0] / x[1]] }

/// Inputs: u, <G, x>, sigma.
private let sigmaGradient = ElementwiseProgram("spectralNorm.gradient", inputs: 3) { x, _ in
  [-(x[1] / x[2] / x[2] * x[0])]
}

extension Device {
  /// x = x / max(|x|, epsilon), in place; x: `[size, 1]`.
  fileprivate func makeUnit(_ x: TensorView, epsilon: Double) {
    let square = allocate(x.elementType, [1, 1])
    reduce(.sum, multiplication, [x, x], scalars: [], domain: x.shape, into: [square])
    map(unitProgram, [x, square], scalars: [epsilon], into: [x])
  }
}

private let unitProgram = ElementwiseProgram("makeUnit", inputs: 2, scalars: 1) { x, s in
  [x[0] / max(sqrt(x[1]), s[0])]
}
