/// A convolution along a list of points, with one tap: the same linear map for every point. Several taps look at
/// neighbours in the list as well, zeros beyond both ends.
///
/// The weight is `[outputs, inputs, taps]`, as PyTorch's Conv1d stores it.
public struct PointwiseConvolution: Sendable {
  public let name: String
  public let inputs, outputs, taps: Int

  public init(_ name: String, _ inputs: Int, _ outputs: Int, taps: Int = 1) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.taps = taps
  }

  public var declarations: [ParameterDeclaration] {
    [
      ParameterDeclaration("\(name).weight", [outputs, inputs, taps]), ParameterDeclaration("\(name).bias", [outputs]),
    ]
  }

  /// The linear map of this pass, from `inputs * taps` numbers per point.
  public func map(_ pass: ForwardPass) -> AffineMap {
    AffineMap(
      weight: pass.parameter("\(name).weight").reshaped([outputs, inputs * taps]),
      bias: pass.parameter("\(name).bias"))
  }

  /// The map of this convolution after another one, folded once per pass.
  public func map(_ pass: ForwardPass, after inner: PointwiseConvolution) -> AffineMap {
    let tensors = pass.shared("\(name) after \(inner.name)") {
      let folded = map(pass).after(inner.map(pass))
      return [folded.weight, folded.bias]
    }
    return AffineMap(weight: tensors[0], bias: tensors[1])
  }

  /// x: `[batch, points, inputs]`; gives `[batch, points, outputs]`.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    map(pass)(taps == 1 ? x : unfold(x, taps: taps))
  }

  /// Xavier-normal with a gain, and zero biases.
  public func xavier(gain: Double) -> [(name: String, Initialization)] {
    let deviation = gain * (2 / Double((inputs + outputs) * taps)).squareRoot()
    return [("\(name).weight", .normal(deviation: deviation)), ("\(name).bias", .constant(0))]
  }
}
