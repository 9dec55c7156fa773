/// A two-dimensional convolution without bias, channels last: the batch norm that follows has one.
public struct Convolution2D: Sendable {
  public let name: String
  public let inputs, outputs: Int
  public let window: Window

  public init(_ name: String, _ inputs: Int, _ outputs: Int, window: Window) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.window = window
  }

  public var declarations: [ParameterDeclaration] { declarations(.trainable) }

  /// The weight is `[outputs, inputs, size, size]`, as PyTorch stores it.
  public func declarations(_ role: ParameterRole) -> [ParameterDeclaration] {
    [ParameterDeclaration("\(name).weight", [outputs, inputs, window.size, window.size], role)]
  }

  /// x: `[batch, height, width, inputs]`; gives `[batch, outputHeight, outputWidth, outputs]`.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    convolution2D(x, pass.parameter("\(name).weight"), window: window)
  }

  /// Normal with variance 2 / (size^2 outputs) (He et al., 2015, "fan out").
  public var initialization: [(name: String, Initialization)] {
    let fan = Double(window.size * window.size * outputs)
    return [("\(name).weight", .normal(deviation: (2 / fan).squareRoot()))]
  }
}
