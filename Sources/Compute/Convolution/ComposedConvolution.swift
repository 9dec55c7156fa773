extension Device {
  /// Windows side by side as rows of a matrix, a few pictures at a time, times the weight.
  public func composedConvolution2D(
    _ x: TensorView, _ weight: TensorView, into y: TensorView, window: Window, epilogue: ConvolutionEpilogue?
  ) {
    orTrap(try convolution2DRule(x, weight, into: y, window: window, epilogue: epilogue))
    guard !y.isEmpty else { return }
    let filters = filterRows(weight)
    for chunk in pictureChunks(x, y, window) {
      let part = y.sliced(axis: 0, chunk)
      let product = epilogue?.residual == nil ? part : allocate(y.elementType, part.shape)
      gemm(unfolded(x.sliced(axis: 0, chunk), window), filters.transposed, into: product.asRows)
      if let epilogue { apply(epilogue, to: product, pictures: chunk, into: part) }
    }
  }

  /// Gradients of whole windows, added where the windows lie.
  public func composedConvolution2DDataGradient(
    _ dy: TensorView, _ weight: TensorView, into dx: TensorView, window: Window, beta: Double
  ) {
    orTrap(try convolution2DRule(dx, weight, into: dy, window: window))
    let filters = filterRows(weight)
    for chunk in pictureChunks(dx, dy, window) {
      let part = dx.sliced(axis: 0, chunk)
      let windows = allocate(dx.elementType, window.output(part.shape) + [window.size, window.size, dx.shape[3]])
      gemm(dy.sliced(axis: 0, chunk).asRows, filters, into: windows.reshaped([windows.rowCount, filters.shape[1]]))
      let sum = frame(part.shape, dx.elementType, window, 0)
      for (row, column, taps) in window.taps(of: sum) {
        add(windows.selecting(axis: 3, row).selecting(axis: 3, column), to: Accumulator(taps, beta: 1))
      }
      add(sum.interior(window), to: Accumulator(part, beta: beta))
    }
  }

  /// Gradients of pixels times the windows that made them.
  public func composedConvolution2DFilterGradient(
    _ x: TensorView, _ dy: TensorView, into dWeight: TensorView, window: Window, beta: Double
  ) {
    orTrap(try convolution2DRule(x, dWeight, into: dy, window: window))
    let (outputs, inputs, size) = (dWeight.shape[0], dWeight.shape[1], window.size)
    let sum = allocate(x.elementType, [outputs, size * size * inputs])
    fill(sum, with: 0)
    for chunk in pictureChunks(x, dy, window) {
      gemm(
        dy.sliced(axis: 0, chunk).asRows.transposed, unfolded(x.sliced(axis: 0, chunk), window), into: sum, alpha: 1,
        beta: 1)
    }
    let ordered = sum.reshaped([outputs, size, size, inputs]).transposed(1, 3).transposed(2, 3)
    add(ordered, to: Accumulator(dWeight, beta: beta))
  }

  /// `[outputs, size size inputs]`: one row per filter, channels fastest, as windows lie in a picture.
  private func filterRows(_ weight: TensorView) -> TensorView {
    let (outputs, inputs, size) = (weight.shape[0], weight.shape[1], weight.shape[2])
    let rows = allocate(weight.elementType, [outputs, size, size, inputs])
    copy(weight.transposed(1, 2).transposed(2, 3), to: rows)
    return rows.reshaped([outputs, size * size * inputs])
  }

  /// `[windows, size size channels]`: the content of every window, zeros outside the picture.
  private func unfolded(_ x: TensorView, _ window: Window) -> TensorView {
    if window.size == 1, window.stride == 1 { return x.asRows }
    let source = framed(x, window, 0)
    let out = window.output(x.shape)
    let windows = allocate(x.elementType, out + [window.size, window.size, x.shape[3]])
    for (row, column, taps) in window.taps(of: source) {
      copy(taps, to: windows.selecting(axis: 3, row).selecting(axis: 3, column))
    }
    return windows.reshaped([windows.rowCount, window.size * window.size * x.shape[3]])
  }

  /// So many pictures at a time that their windows fit the workspace.
  private func pictureChunks(_ input: TensorView, _ output: TensorView, _ window: Window) -> [Range<Int>] {
    let perPicture =
      output.shape[1] * output.shape[2] * window.size * window.size * input.shape[3] * input.elementType.byteCount
    let count = max(information.preferredWorkspaceByteCount / max(perPicture, 1), 1)
    return stride(from: 0, to: input.shape[0], by: count).map { $0..<min($0 + count, input.shape[0]) }
  }

  private func apply(
    _ epilogue: ConvolutionEpilogue, to product: TensorView, pictures: Range<Int>, into y: TensorView
  ) {
    func constant(_ value: Double) -> TensorView {
      let view = allocate(y.elementType, [1])
      fill(view, with: value)
      return view
    }
    map(
      .convolutionEpilogue(epilogue.activation),
      [
        product, epilogue.scale ?? constant(1), epilogue.bias ?? constant(0),
        epilogue.residual?.sliced(axis: 0, pictures) ?? constant(0),
      ], into: [y])
  }
}

extension MemoryOperations {
  /// `[batch, height + 2 padding, width + 2 padding, channels]`: pictures in a frame of `value`.
  func framed(_ x: TensorView, _ window: Window, _ value: Double) -> TensorView {
    if window.padding == 0 { return x }
    let framed = frame(x.shape, x.elementType, window, value)
    copy(x, to: framed.interior(window))
    return framed
  }

  /// The frame and its inside, all of `value`.
  func frame(_ shape: [Int], _ type: ElementType, _ window: Window, _ value: Double) -> TensorView {
    let margin = 2 * window.padding
    let frame = allocate(type, [shape[0], shape[1] + margin, shape[2] + margin, shape[3]])
    fill(frame, with: value)
    return frame
  }
}

extension Window {
  /// For each place in the window, what lies under it at every position: `[batch, rows, columns, channels]` of padded
  /// pictures.
  func taps(of padded: TensorView) -> [(row: Int, column: Int, view: TensorView)] {
    let inner = Window(size: size, stride: stride)
    let (rows, columns) = (inner.positions(padded.shape[1]), inner.positions(padded.shape[2]))
    guard rows > 0, columns > 0 else { return [] }
    return (0..<size * size).map { tap in
      let (row, column) = (tap / size, tap % size)
      let view =
        padded
        .sliced(axis: 1, row..<row + (rows - 1) * stride + 1, step: stride)
        .sliced(axis: 2, column..<column + (columns - 1) * stride + 1, step: stride)
      return (row, column, view)
    }
  }
}

extension TensorView {
  /// All axes but the last as one.
  var rowCount: Int { shape[..<3].reduce(1, *) }

  /// `[pixels, channels]` of contiguous pictures.
  fileprivate var asRows: TensorView { reshaped([rowCount, shape[3]]) }

  /// Framed pictures without their frames.
  func interior(_ window: Window) -> TensorView {
    let p = window.padding
    return sliced(axis: 1, p..<shape[1] - p).sliced(axis: 2, p..<shape[2] - p)
  }
}

extension ElementwiseProgram {
  fileprivate static func convolutionEpilogue(_ activation: Epilogue.Activation) -> ElementwiseProgram {
    ElementwiseProgram("convolution2D.epilogue", inputs: 4) { x, _ in
      let y = x[0] * x[1] + x[2] + x[3]
      return [activation == .relu ? relu(y) : y]
    }
  }
}
