public protocol PoolingOperations: AnyObject, Sendable {
  /// The greatest value under a window, per channel; the first one in row-major order where several tie. Pixels outside
  /// the picture count as -infinity. A NaN under the window gives NaN.
  ///
  /// - Parameters:
  ///   - x: real, `[batch, height, width, channels]`, contiguous.
  ///   - y: `[batch, outputHeight, outputWidth, channels]`, contiguous.
  ///   - choice: uint8, of y's shape, contiguous: which place of the window won, `row * window.size + column`. What the
  ///     gradient needs.
  ///   - window: at most 15 wide, so that a place fits a byte.
  func maximumPool2D(_ x: TensorView, into y: TensorView, choice: TensorView, window: Window)

  /// dx = beta dx + dy where the maximum was taken, gathered per pixel of x in ascending order of the windows.
  func maximumPool2DGradient(_ dy: TensorView, choice: TensorView, into dx: TensorView, window: Window, beta: Double)

  /// The mean under a window, per channel, over size^2 places: pixels outside the picture count as 0.
  func averagePool2D(_ x: TensorView, into y: TensorView, window: Window)

  /// dx = beta dx + the sum of dy / size^2 over the windows that a pixel lies under.
  func averagePool2DGradient(_ dy: TensorView, into dx: TensorView, window: Window, beta: Double)
}

// MARK: - Compositions: the defaults, and the twins that tests hold fused kernels against

extension PoolingOperations where Self: MemoryOperations & ElementwiseOperations {
  public func maximumPool2D(_ x: TensorView, into y: TensorView, choice: TensorView, window: Window) {
    composedMaximumPool2D(x, into: y, choice: choice, window: window)
  }

  public func maximumPool2DGradient(
    _ dy: TensorView, choice: TensorView, into dx: TensorView, window: Window, beta: Double
  ) {
    composedMaximumPool2DGradient(dy, choice: choice, into: dx, window: window, beta: beta)
  }

  public func averagePool2D(_ x: TensorView, into y: TensorView, window: Window) {
    composedAveragePool2D(x, into: y, window: window)
  }

  public func averagePool2DGradient(_ dy: TensorView, into dx: TensorView, window: Window, beta: Double) {
    composedAveragePool2DGradient(dy, into: dx, window: window, beta: beta)
  }

  /// One map per place of the window keeps the best value so far and where it stood.
  public func composedMaximumPool2D(_ x: TensorView, into y: TensorView, choice: TensorView, window: Window) {
    orTrap(try maximumPool2DRule(x, into: y, choice: choice, window: window))
    let best = allocate(y.elementType, y.shape)
    fill(y, with: -.infinity)
    fill(best, with: 0)
    for (row, column, taps) in window.taps(of: framed(x, window, -.infinity)) {
      map(.keepGreater, [y, best, taps], scalars: [Double(row * window.size + column)], into: [y, best])
    }
    copy(best, to: choice)
  }

  public func composedMaximumPool2DGradient(
    _ dy: TensorView, choice: TensorView, into dx: TensorView, window: Window, beta: Double
  ) {
    orTrap(try maximumPool2DRule(dx, into: dy, choice: choice, window: window))
    let sum = frame(dx.shape, dx.elementType, window, 0)
    for (row, column, taps) in window.taps(of: sum) {
      map(.addChosen, [taps, dy, choice], scalars: [Double(row * window.size + column)], into: [taps])
    }
    add(sum.interior(window), to: Accumulator(dx, beta: beta))
  }

  public func composedAveragePool2D(_ x: TensorView, into y: TensorView, window: Window) {
    orTrap(try averagePool2DRule(x, into: y, window: window))
    fill(y, with: 0)
    for (_, _, taps) in window.taps(of: framed(x, window, 0)) {
      map(.addScaled, [y, taps], scalars: [window.share], into: [y])
    }
  }

  public func composedAveragePool2DGradient(_ dy: TensorView, into dx: TensorView, window: Window, beta: Double) {
    orTrap(try averagePool2DRule(dx, into: dy, window: window))
    let sum = frame(dx.shape, dx.elementType, window, 0)
    for (_, _, taps) in window.taps(of: sum) {
      map(.addScaled, [taps, dy], scalars: [window.share], into: [taps])
    }
    add(sum.interior(window), to: Accumulator(dx, beta: beta))
  }
}

extension Window {
  fileprivate var share: Double { 1 / Double(size * size) }
}

extension ElementwiseProgram {
  /// Inputs: the best value, its place, a candidate. Only a NaN's magnitude is not greater than -1.
  fileprivate static let keepGreater = ElementwiseProgram("maximumPool.keep", inputs: 3, scalars: 1) { x, s in
    let takes = select(greater(abs(x[2]), -1), greater(x[2], x[0]), 1)
    return [select(takes, x[2], x[0]), select(takes, s[0], x[1])]
  }
  fileprivate static let addChosen = ElementwiseProgram("maximumPool.gradient", inputs: 3, scalars: 1) { x, s in
    [x[0] + select(abs(x[2] - s[0]), 0, x[1])]
  }
  fileprivate static let addScaled = ElementwiseProgram("averagePool.add", inputs: 2, scalars: 1) { x, s in
    [x[0] + s[0] * x[1]]
  }
}

// MARK: - Shape rules

/// The contract of `maximumPool2D` and its gradient, as a pure rule.
public func maximumPool2DRule(_ x: TensorView, into y: TensorView, choice: TensorView, window: Window) throws {
  try window.check("maximumPool2D", input: x, output: y)
  guard window.size <= 15 else {
    throw ComputeError(
      .shape, what: "maximumPool2D: a window of \(window.size)", why: "a place in the window is kept in one byte",
      mend: "take a window of 15 at most, or pool twice")
  }
  guard x.shape[3] == y.shape[3], choice.shape == y.shape, choice.elementType == .uint8, choice.isContiguous else {
    throw ComputeError(
      .shape,
      what: "maximumPool2D: \(x.shape) into \(y.shape), choices of type \(choice.elementType) and shape "
        + "\(choice.shape)",
      why: "channels are pooled each by itself, and every result has one choice",
      mend: "pass a contiguous uint8 view of y's shape")
  }
}

/// The contract of `averagePool2D` and its gradient, as a pure rule.
public func averagePool2DRule(_ x: TensorView, into y: TensorView, window: Window) throws {
  try window.check("averagePool2D", input: x, output: y)
  guard x.shape[3] == y.shape[3] else {
    throw ComputeError(
      .shape, what: "averagePool2D: \(x.shape) into \(y.shape)", why: "channels are pooled each by itself",
      mend: "allocate as many channels as the pictures have")
  }
}
