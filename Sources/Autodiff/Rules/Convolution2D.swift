/// Two-dimensional convolution, channels last; see `Device.convolution2D`.
///
/// Only what a wanted gradient needs is saved and computed: a frozen weight keeps no pictures, and pictures that are data,
/// as those of a first layer, get no gradient.
/// - Parameters:
///   - x: `[batch, height, width, inputs]`.
///   - weight: `[outputs, inputs, size, size]`, PyTorch's order.
/// - Returns: `[batch, outputHeight, outputWidth, outputs]`.
public func convolution2D(_ x: Tensor, _ weight: Tensor, window: Window) -> Tensor {
  let device = x.device
  let y = device.allocate(x.elementType, window.output(x.shape) + [weight.shape[0]])
  device.convolution2D(x.view, weight.view, into: y, window: window, epilogue: nil)
  let (savesX, savesWeight) = (weight.isRecorded, x.isRecorded)
  return .recording(
    "convolution2D", y, from: [x, weight], saving: (savesX ? [x.view] : []) + (savesWeight ? [weight.view] : [])
  ) { gradients, saved in
    let dy = gradients.upstream
    if savesX {
      gradients.accumulate(1) {
        gradients.device.convolution2DFilterGradient(saved[0], dy, into: $0, window: window, beta: $1)
      }
    }
    if savesWeight {
      gradients.accumulate(0) {
        gradients.device.convolution2DDataGradient(dy, saved[saved.count - 1], into: $0, window: window, beta: $1)
      }
    }
  }
}

/// Convolution and what follows it in one launch, without a gradient: recorded inputs trap.
///
///     y = activation(scale * convolution + bias + residual)
///
/// - Parameters:
///   - scale, bias: `[outputs]`.
///   - residual: of y's shape.
public func convolution2D(
  _ x: Tensor, _ weight: Tensor, window: Window, scale: Tensor, bias: Tensor, residual: Tensor? = nil,
  activation: Epilogue.Activation = .identity
) -> Tensor {
  let device = x.device
  let y = device.allocate(x.elementType, window.output(x.shape) + [weight.shape[0]])
  device.convolution2D(
    x.view, weight.view, into: y, window: window,
    epilogue: ConvolutionEpilogue(
      scale: scale.view, bias: bias.view, residual: residual?.view, activation: activation))
  return .unrecordable(
    "convolution2D with an epilogue", y, from: [x, weight, scale, bias] + (residual.map { [$0] } ?? []))
}
