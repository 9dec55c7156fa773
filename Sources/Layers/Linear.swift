/// A fully connected layer, y = x W^T + b.
public struct Linear: Sendable {
  public let name: String
  public let inputs, outputs: Int

  public init(_ name: String, _ inputs: Int, _ outputs: Int) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
  }

  public var declarations: [ParameterDeclaration] {
    [ParameterDeclaration("\(name).weight", [outputs, inputs]), ParameterDeclaration("\(name).bias", [outputs])]
  }

  /// x: `[rows, inputs]`; gives `[rows, outputs]`.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    linear(x, weight: pass.parameter("\(name).weight"), bias: pass.parameter("\(name).bias"))
  }
}
