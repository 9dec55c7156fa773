import Compute
import Kernels

extension OpenCLDevice {
  public func maximumPool2D(_ x: TensorView, into y: TensorView, choice: TensorView, window: Window) {
    orTrap(try maximumPool2DRule(x, into: y, choice: choice, window: window))
    for view in [y, choice] { view.buffer.markWritten() }
    pool(
      "maximumPool2D", "maximumPool", x, y, window, over: y,
      [
        .buffer(x.buffer), .int(x.offset), .buffer(y.buffer), .int(y.offset), .buffer(choice.buffer),
        .int(choice.offset),
      ])
  }

  public func maximumPool2DGradient(
    _ dy: TensorView, choice: TensorView, into dx: TensorView, window: Window, beta: Double
  ) {
    orTrap(try maximumPool2DRule(dx, into: dy, choice: choice, window: window))
    dx.buffer.markWritten()
    pool(
      "maximumPool2D.gradient", "maximumPoolGradient", dx, dy, window, over: dx,
      [
        .real(beta, like: dx), .buffer(dy.buffer), .int(dy.offset), .buffer(choice.buffer), .int(choice.offset),
        .buffer(dx.buffer), .int(dx.offset),
      ])
  }

  public func averagePool2D(_ x: TensorView, into y: TensorView, window: Window) {
    orTrap(try averagePool2DRule(x, into: y, window: window))
    y.buffer.markWritten()
    pool(
      "averagePool2D", "averagePool", x, y, window, over: y,
      [
        .real(window.share, like: y), .buffer(x.buffer), .int(x.offset), .buffer(y.buffer), .int(y.offset),
      ])
  }

  public func averagePool2DGradient(_ dy: TensorView, into dx: TensorView, window: Window, beta: Double) {
    orTrap(try averagePool2DRule(dx, into: dy, window: window))
    dx.buffer.markWritten()
    pool(
      "averagePool2D.gradient", "averagePoolGradient", dx, dy, window, over: dx,
      [
        .real(window.share, like: dx), .real(beta, like: dx), .buffer(dy.buffer), .int(dy.offset),
        .buffer(dx.buffer), .int(dx.offset),
      ])
  }

  /// Launches some work-items for each pixel of `target`, four channels for each where there are so many.
  private func pool(
    _ name: String, _ function: String, _ x: TensorView, _ y: TensorView, _ window: Window, over target: TensorView,
    _ arguments: [KernelArgument]
  ) {
    guard supports(target.elementType), !target.isEmpty else { return }
    let channels = x.shape[3]
    let lanes = Self.lanes((channels + 3) / 4, atMost: Swift.min(16, groupSize))
    var plan = PlanBytes()
    plan.append(x.shape + [y.shape[1], y.shape[2], window.size, window.stride, window.padding, lanes])
    let size = grid(target.elementCount / channels * lanes)
    launch(
      name, KernelKey(source: .pooling, function: function, isDouble: target.elementType == .float64), defines: [],
      [.bytes(plan.bytes)] + arguments, global: size.global, local: size.local,
      flop: y.elementCount * window.size * window.size,
      byteCount: Self.distinctByteCount(x) + Self.distinctByteCount(y))
  }
}

extension Window {
  fileprivate var share: Double { 1 / Double(size * size) }
}
