/// The greatest value under a window, per channel; its gradient goes to the place that won.
///
/// x: `[batch, height, width, channels]`. Saves one byte per result.
public func maximumPool2D(_ x: Tensor, window: Window) -> Tensor {
  let device = x.device
  let shape = window.output(x.shape) + [x.shape[3]]
  let y = device.allocate(x.elementType, shape)
  let choice = device.allocate(.uint8, shape)
  device.maximumPool2D(x.view, into: y, choice: choice, window: window)
  return .recording("maximumPool2D", y, from: [x], saving: [choice]) { gradients, saved in
    let dy = gradients.upstream
    gradients.accumulate(0) {
      gradients.device.maximumPool2DGradient(dy, choice: saved[0], into: $0, window: window, beta: $1)
    }
  }
}

/// The mean under a window, per channel, zeros outside the picture.
///
/// x: `[batch, height, width, channels]`.
public func averagePool2D(_ x: Tensor, window: Window) -> Tensor {
  let device = x.device
  let y = device.allocate(x.elementType, window.output(x.shape) + [x.shape[3]])
  device.averagePool2D(x.view, into: y, window: window)
  return .recording("averagePool2D", y, from: [x]) { gradients, _ in
    let dy = gradients.upstream
    gradients.accumulate(0) { gradients.device.averagePool2DGradient(dy, into: $0, window: window, beta: $1) }
  }
}

/// The mean of every channel over the whole picture: `[batch, height, width, channels]` to `[batch, channels]`.
public func globalAverage(_ x: Tensor) -> Tensor {
  let (batch, pixels, channels) = (x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
  return fusedSum(
    "globalAverage", [x.reshaped([batch, pixels, channels])], scalars: [1 / Double(pixels)], alongAxis: 1
  ) { x, s in s[0] * x[0] }
  .reshaped([batch, channels])
}
