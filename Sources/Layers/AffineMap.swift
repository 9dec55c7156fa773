/// y = x W^T + b for every point: a linear layer whose weight may itself be computed.
///
/// Two maps in a row are one map, exactly and in training too: the tape pulls the gradient of the folded weight back to
/// both factors.
public struct AffineMap {
  /// `[outputs, inputs]`.
  public let weight: Tensor
  /// `[outputs]`.
  public let bias: Tensor

  public init(weight: Tensor, bias: Tensor) {
    self.weight = weight
    self.bias = bias
  }

  /// x: `[..., inputs]`; gives `[..., outputs]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let rows = x.shape.dropLast().reduce(1, *)
    return linear(x.reshaped([rows, weight.shape[1]]), weight: weight, bias: bias)
      .reshaped(x.shape.dropLast() + [weight.shape[0]])
  }

  /// This map after `inner`, as one map: W = W2 W1, b = W2 b1 + b2.
  public func after(_ inner: AffineMap) -> AffineMap {
    let carried = linear(inner.bias.reshaped([1, inner.bias.shape[0]]), weight: weight, bias: bias)
    return AffineMap(weight: matmul(weight, inner.weight), bias: carried.reshaped([weight.shape[0]]))
  }
}
