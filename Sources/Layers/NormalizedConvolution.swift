/// A convolution and its batch norm, with the residual sum and the ReLU that follow.
///
///     y = relu(batchNorm(convolution(x)) + residual)
///
/// Where running statistics are used and no gradient is wanted (every pass without a tape that does not train, and frozen
/// layers), the batch norm is a factor and a shift per channel, and the whole is one launch.
public struct NormalizedConvolution: Sendable {
  public let convolution: Convolution2D
  public let norm: BatchNorm

  /// - Parameters:
  ///   - convolution, norm: the names of the two.
  ///   - hasReLU: after the sum.
  public init(
    convolution: String, norm: String, _ inputs: Int, _ outputs: Int, window: Window, hasReLU: Bool = true
  ) {
    self.convolution = Convolution2D(convolution, inputs, outputs, window: window)
    self.norm = BatchNorm(norm, outputs, relu: hasReLU ? .afterSum : .none)
  }

  public func declarations(_ role: ParameterRole) -> [ParameterDeclaration] {
    convolution.declarations(role) + norm.declarations(role)
  }

  public var initialization: [(name: String, Initialization)] { convolution.initialization + norm.initialization }

  /// x: `[batch, height, width, inputs]`; residual: of the result's shape.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass, residual: Tensor? = nil) -> Tensor {
    let weight = pass.parameter("\(convolution.name).weight")
    let gain = pass.parameter("\(norm.name).weight")
    let isRecorded = [x, weight, gain].contains(where: \.isRecorded) || residual?.isRecorded == true
    guard norm.usesBatchStatistics(pass) || isRecorded else {
      let (scale, bias) = norm.scaleAndBias(pass)
      return convolution2D(
        x, weight, window: convolution.window, scale: scale, bias: bias, residual: residual,
        activation: norm.relu == .none ? .identity : .relu)
    }
    let z = convolution2D(x, weight, window: convolution.window)
    let rows = [z.shape[0], z.shape[1] * z.shape[2], z.shape[3]]
    return norm(z.reshaped(rows), pass, residual: residual?.reshaped(rows)).reshaped(z.shape)
  }
}

extension BatchNorm {
  /// Batch norm by running statistics as a map per channel: scale = gain / sqrt(variance + epsilon),
  /// bias = shift - mean scale.
  func scaleAndBias(_ pass: ForwardPass) -> (scale: Tensor, bias: Tensor) {
    let device = pass.parameters.device
    func uninitialized() -> TensorView { device.allocate(pass.parameters.elementType, [channels]) }
    let (scale, bias) = (uninitialized(), uninitialized())
    device.map(
      scaleAndBiasProgram,
      ["weight", "bias", "running_mean", "running_var"].map { pass.parameters.view("\(name).\($0)") },
      scalars: [epsilon], into: [scale, bias])
    return (Tensor(scale, on: device), Tensor(bias, on: device))
  }
}

private let scaleAndBiasProgram = ElementwiseProgram("batchNorm.scaleAndBias", inputs: 4, scalars: 1) { x, s in
  let scale = x[0] / sqrt(x[3] + s[0])
  return [scale, x[1] - x[2] * scale]
}
