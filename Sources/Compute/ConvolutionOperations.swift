/// What happens to a convolution's result as it is written: y = activation(scale * convolution + bias + residual).
///
/// With the statistics of a frozen batch norm, scale = gain / sqrt(variance + epsilon) and bias = shift - mean scale.
public struct ConvolutionEpilogue: Sendable {
  /// `[outputs]`, contiguous: one factor per channel; nil is 1.
  public let scale: TensorView?
  /// `[outputs]`, contiguous; nil is 0.
  public let bias: TensorView?
  /// Of y's shape, contiguous; nil is 0. It may be y itself.
  public let residual: TensorView?
  public let activation: Epilogue.Activation

  public init(
    scale: TensorView? = nil, bias: TensorView? = nil, residual: TensorView? = nil,
    activation: Epilogue.Activation = .identity
  ) {
    self.scale = scale
    self.bias = bias
    self.residual = residual
    self.activation = activation
  }
}

public protocol ConvolutionOperations: AnyObject, Sendable {
  /// Two-dimensional convolution (cross-correlation, as every framework computes it), channels last.
  ///
  ///     y[b, i, j, o] = sum over u, v, c of x[b, stride i + u - padding, stride j + v - padding, c] w[o, c, u, v]
  ///
  /// with zeros outside x, then the epilogue. float32 accumulates in float32, in blocks; float64 in float64. A NaN reaches
  /// the windows that it lies under, and no others. Pictures above a quarter of the type's greatest value, and infinities,
  /// may give NaN: a device may add pixels before it multiplies them.
  /// - Parameters:
  ///   - x: real, `[batch, height, width, inputs]`, contiguous.
  ///   - weight: `[outputs, inputs, size, size]`, contiguous: PyTorch's order.
  ///   - y: `[batch, outputHeight, outputWidth, outputs]`, contiguous; shares no memory with x and weight.
  /// - Complexity: 2 batch outputHeight outputWidth outputs inputs size^2 FLOP.
  func convolution2D(
    _ x: TensorView, _ weight: TensorView, into y: TensorView, window: Window, epilogue: ConvolutionEpilogue?)

  /// The gradient of `convolution2D` (without epilogue) by its pictures: dx = beta dx + the adjoint applied to dy.
  ///
  /// With beta = 0 the old content of dx, NaN included, has no influence.
  /// - Complexity: as `convolution2D`.
  func convolution2DDataGradient(
    _ dy: TensorView, _ weight: TensorView, into dx: TensorView, window: Window, beta: Double)

  /// The gradient of `convolution2D` (without epilogue) by its weight: dWeight = beta dWeight + ..., summed over batch
  /// and pixels in an order that depends on the shapes alone. A NaN at the border of x may reach weights that never meet it.
  /// - Complexity: as `convolution2D`.
  func convolution2DFilterGradient(
    _ x: TensorView, _ dy: TensorView, into dWeight: TensorView, window: Window, beta: Double)
}

// MARK: - Compositions: the defaults, and the twins that tests hold fused kernels against

extension ConvolutionOperations where Self: Device {
  public func convolution2D(
    _ x: TensorView, _ weight: TensorView, into y: TensorView, window: Window, epilogue: ConvolutionEpilogue?
  ) {
    composedConvolution2D(x, weight, into: y, window: window, epilogue: epilogue)
  }

  public func convolution2DDataGradient(
    _ dy: TensorView, _ weight: TensorView, into dx: TensorView, window: Window, beta: Double
  ) {
    composedConvolution2DDataGradient(dy, weight, into: dx, window: window, beta: beta)
  }

  public func convolution2DFilterGradient(
    _ x: TensorView, _ dy: TensorView, into dWeight: TensorView, window: Window, beta: Double
  ) {
    composedConvolution2DFilterGradient(x, dy, into: dWeight, window: window, beta: beta)
  }
}

// MARK: - Shape rules

/// The contract of `convolution2D` and its gradients, as a pure rule.
public func convolution2DRule(
  _ x: TensorView, _ weight: TensorView, into y: TensorView, window: Window, epilogue: ConvolutionEpilogue? = nil
) throws {
  try window.check("convolution2D", input: x, output: y)
  let expected = [y.shape[3], x.shape[3], window.size, window.size]
  guard weight.shape == expected, weight.elementType == x.elementType, weight.isContiguous else {
    throw ComputeError(
      .shape,
      what: "convolution2D: a \(weight.elementType) weight of shape \(weight.shape) with strides "
        + "\(weight.strides)",
      why: "pictures of \(x.shape[3]) channels become \(y.shape[3]): that takes a contiguous \(x.elementType) "
        + "\(expected)",
      mend: "pass [outputs, inputs, size, size] in this order")
  }
  guard let epilogue else { return }
  for case (let name, let view?) in [("scale", epilogue.scale), ("bias", epilogue.bias)]
  where view.shape != [y.shape[3]] || view.elementType != y.elementType || !view.isContiguous {
    throw ComputeError(
      .shape, what: "convolution2D: a \(name) of type \(view.elementType) and shape \(view.shape)",
      why: "there is one value of y's type per output channel",
      mend: "pass a contiguous \(y.elementType) [\(y.shape[3])] view")
  }
  if let residual = epilogue.residual,
    residual.shape != y.shape || residual.elementType != y.elementType || !residual.isContiguous
  {
    throw ComputeError(
      .shape, what: "convolution2D: a residual of type \(residual.elementType) and shape \(residual.shape)",
      why: "it is added to every element of y", mend: "pass a contiguous \(y.elementType) \(y.shape) view")
  }
}
