import Compute
import Kernels

extension OpenCLDevice {
  public func convolution2D(
    _ x: TensorView, _ weight: TensorView, into y: TensorView, window: Window, epilogue: ConvolutionEpilogue?
  ) {
    orTrap(try convolution2DRule(x, weight, into: y, window: window, epilogue: epilogue))
    y.buffer.markWritten()
    guard supports(y.elementType), !y.isEmpty else { return }
    if window.seesPixels, epilogue?.scale == nil, epilogue?.residual == nil {
      gemm(
        x.pixels, weight.filters.transposed, into: y.pixels, alpha: 1, beta: 0,
        epilogue: epilogue.map { Epilogue(bias: $0.bias.map { .perColumn($0) }, activation: $0.activation) })
      return
    }
    // Taps by rows, inputs, outputs.
    let filters = contiguous(weight.transposed(0, 2).transposed(1, 3).transposed(2, 3))
    convolve(
      "convolution2D", x, filters, into: y,
      Placement(
        grid: (y.shape[1], y.shape[2]), taps: (window.size, window.size), tapStep: 1, step: window.stride,
        first: (-window.padding, -window.padding), targetStep: 1, target: (0, 0)),
      epilogue: epilogue ?? ConvolutionEpilogue(), factor: epilogue?.residual == nil ? 0 : 1)
  }

  public func convolution2DDataGradient(
    _ dy: TensorView, _ weight: TensorView, into dx: TensorView, window: Window, beta: Double
  ) {
    orTrap(try convolution2DRule(dx, weight, into: dy, window: window))
    dx.buffer.markWritten()
    guard supports(dx.elementType), !dx.isEmpty else { return }
    if window.seesPixels {
      gemm(dy.pixels, weight.filters, into: dx.pixels, alpha: 1, beta: beta, epilogue: nil)
      return
    }
    if composesDataGradient(dx, window) {
      composedConvolution2DDataGradient(dy, weight, into: dx, window: window, beta: beta)
      return
    }
    // Pixels that leave the same remainders divided by the stride lie under the same places of their windows.
    for top in 0..<Swift.min(window.stride, dx.shape[1]) {
      for left in 0..<Swift.min(window.stride, dx.shape[2]) {
        let (rows, columns) = (window.reach(top, dx.shape[1]), window.reach(left, dx.shape[2]))
        let part = weight.sliced(axis: 2, rows.places, step: window.stride)
          .sliced(axis: 3, columns.places, step: window.stride)
        // Taps by rows, outputs, inputs.
        let filters = contiguous(part.transposed(0, 2).transposed(1, 3))
        convolve(
          "convolution2D.data", dy, filters, into: dx,
          Placement(
            grid: (rows.grid, columns.grid), taps: (part.shape[2], part.shape[3]), tapStep: -1, step: 1,
            first: (rows.first, columns.first), targetStep: window.stride, target: (top, left)),
          epilogue: ConvolutionEpilogue(residual: dx), factor: beta)
      }
    }
  }

  /// Whether one product for the gradients of whole windows, which are then added up, is the faster way.
  ///
  /// Its result is as wide as all taps together. For the few channels of a picture that fills tiles, which are at least
  /// 16 columns wide; and many channels make tiles enough for the largest.
  private func composesDataGradient(_ dx: TensorView, _ window: Window) -> Bool {
    let channels = dx.shape[3]
    if channels < 8 { return true }
    return channels >= ProductTiles.large.n && window.stride == 1 && dx.elementType == .float32 && !hasMatrixUnits
  }

  public func convolution2DFilterGradient(
    _ x: TensorView, _ dy: TensorView, into dWeight: TensorView, window: Window, beta: Double
  ) {
    orTrap(try convolution2DRule(x, dWeight, into: dy, window: window))
    dWeight.buffer.markWritten()
    guard supports(dWeight.elementType), !dWeight.isEmpty else { return }
    if window.seesPixels {
      gemm(dy.pixels.transposed, x.pixels, into: dWeight.filters, alpha: 1, beta: beta, epilogue: nil)
      return
    }
    let placement = Placement(
      grid: (dy.shape[1], dy.shape[2]), taps: (window.size, window.size), tapStep: 1, step: window.stride,
      first: (-window.padding, -window.padding), targetStep: 1, target: (0, 0))
    let (outputs, channels) = (dWeight.shape[0], x.shape[3])
    let product = WindowProduct(
      rows: outputs, columns: window.size * window.size * channels, depth: dy.elementCount / outputs,
      a: TiledOperand(isAlongDepth: false, distances: [dy.offset, outputs]),
      b: TiledOperand(isAlongDepth: false, distances: [x.offset, channels]), x.elementType, on: self)
    let partial = allocate(x.elementType, [product.slices, product.rows, product.columns])
    let plan = product.plan(placement, source: x, target: dy)
    launch(
      "convolution2D.filter", product.filterGradient("filterGradient"), defines: product.kernel.defines,
      [.bytes(plan), .buffer(dy.buffer), .int(dy.offset), .buffer(x.buffer), .int(x.offset), .buffer(partial.buffer)],
      global: [product.groupCount * product.groupSize], local: [product.groupSize], flop: product.flop,
      byteCount: [x, dy, dWeight].reduce(0) { $0 + Self.distinctByteCount($1) })
    let size = grid(dWeight.elementCount)
    launch(
      "convolution2D.filter.combine", product.filterGradient("filterGradientCombine"),
      defines: product.kernel.defines,
      [
        .bytes(plan), .buffer(partial.buffer), .real(beta, like: dWeight), .buffer(dWeight.buffer),
        .int(dWeight.offset),
      ],
      global: size.global, local: size.local, flop: partial.elementCount,
      byteCount: Self.distinctByteCount(partial) + Self.distinctByteCount(dWeight))
  }

  /// target = activation(scale (source under windows) filters + bias + factor residual).
  ///
  /// - Parameter filters: `[rows of taps, columns of taps, channels of source, channels of target]`, contiguous.
  private func convolve(
    _ name: String, _ source: TensorView, _ filters: TensorView, into target: TensorView, _ placement: Placement,
    epilogue: ConvolutionEpilogue, factor: Double
  ) {
    let columns = target.shape[3]
    let product = WindowProduct(
      rows: target.shape[0] * placement.grid.0 * placement.grid.1, columns: columns,
      depth: filters.elementCount / columns,
      a: TiledOperand(isAlongDepth: true, distances: [source.offset, source.shape[3]]),
      b: TiledOperand(isAlongDepth: false, distances: [filters.offset, columns]), target.elementType, on: self)
    let partial =
      product.slices > 1 ? allocate(target.elementType, [product.slices, product.rows, product.columns]) : nil
    let plan = product.plan(placement, source: source, target: target)
    // The target stands in for an operand that is not there.
    let (scale, bias, residual) = (epilogue.scale ?? target, epilogue.bias ?? target, epilogue.residual ?? target)
    let finish: [KernelArgument] = [
      .buffer(scale.buffer), .int(scale.offset), .int32(epilogue.scale == nil ? 0 : 1),
      .buffer(bias.buffer), .int(bias.offset), .int32(epilogue.bias == nil ? 0 : 1), .real(factor, like: target),
      .buffer(residual.buffer), .int(residual.offset), .int32(epilogue.activation == .relu ? 1 : 0),
    ]
    let written = partial ?? target
    launch(
      name, product.convolution("convolve"), defines: product.kernel.defines,
      [
        .bytes(plan), .buffer(source.buffer), .int(source.offset), .buffer(filters.buffer), .int(filters.offset),
      ] + finish + [.buffer(written.buffer), .int(written.offset)],
      global: [product.groupCount * product.groupSize], local: [product.groupSize], flop: product.flop,
      byteCount: [source, filters, target].reduce(0) { $0 + Self.distinctByteCount($1) })
    guard let partial else { return }
    let size = grid(product.rows * product.columns)
    launch(
      name + ".combine", product.convolution("convolveCombine"), defines: product.kernel.defines,
      [.bytes(plan), .buffer(partial.buffer)] + finish + [.buffer(target.buffer), .int(target.offset)],
      global: size.global, local: size.local, flop: partial.elementCount,
      byteCount: Self.distinctByteCount(partial) + Self.distinctByteCount(target))
  }

  private func contiguous(_ view: TensorView) -> TensorView {
    if view.isContiguous { return view }
    let result = allocate(view.elementType, view.shape)
    copy(view, to: result)
    return result
  }
}

/// Where windows lie on pictures and where their results go; pairs are along rows' and columns' axes.
private struct Placement {
  /// Windows per picture.
  let grid: (Int, Int)
  let taps: (Int, Int)
  /// Pixels from one tap to the next: 1 or -1.
  let tapStep: Int
  /// Pixels from one window to the next.
  let step: Int
  /// The pixel of the first window's first tap.
  let first: (Int, Int)
  let targetStep: Int
  let target: (Int, Int)
}

/// A convolution as a matrix product, cut into tiles and slices.
private struct WindowProduct {
  let rows, columns, depth: Int
  let kernel: TiledKernel
  let slices, sliceLength: Int

  init(
    rows: Int, columns: Int, depth: Int, a: TiledOperand, b: TiledOperand, _ elementType: ElementType,
    on device: OpenCLDevice
  ) {
    (self.rows, self.columns, self.depth) = (rows, columns, depth)
    kernel = device.tiledKernel(m: rows, n: columns, batch: 1, a: a, b: b, elementType)
    (slices, sliceLength) = device.slicing(
      depth: depth, resultCount: rows * columns, kernel.tiles, tileCount: Self.tileCount(rows, columns, kernel.tiles),
      elementType)
  }

  private static func tileCount(_ rows: Int, _ columns: Int, _ tiles: ProductTiles) -> Int {
    ((rows + tiles.m - 1) / tiles.m) * ((columns + tiles.n - 1) / tiles.n)
  }

  var groupCount: Int { Self.tileCount(rows, columns, kernel.tiles) * slices }
  var groupSize: Int { kernel.tiles.groupSize }
  var flop: Int { 2 * rows * columns * depth }

  func convolution(_ function: String) -> KernelKey {
    kernel.key(function, .convolution, .matrixUnitConvolution)
  }

  func filterGradient(_ function: String) -> KernelKey {
    kernel.key(function, .filterGradient, .matrixUnitFilterGradient)
  }

  /// `Plan` of windows.cl. Divisors are at least 1.
  func plan(_ placement: Placement, source: TensorView, target: TensorView) -> [UInt8] {
    var plan = PlanBytes()
    plan.append([rows, columns, depth, slices, sliceLength])
    plan.append([Swift.max(placement.grid.0, 1), Swift.max(placement.grid.1, 1)])
    plan.append([source.shape[1], source.shape[2], Swift.max(source.shape[3], 1)])
    plan.append([placement.step, placement.first.0, placement.first.1])
    plan.append([Swift.max(placement.taps.1, 1), placement.tapStep])
    plan.append([target.shape[1], target.shape[2], placement.targetStep, placement.target.0, placement.target.1])
    return plan.bytes
  }
}

extension Window {
  /// Whether every result sees one pixel and every pixel is seen: then a convolution is a plain product.
  fileprivate var seesPixels: Bool { size == 1 && stride == 1 }

  /// Pixels `remainder`, `remainder + stride`, ... of an axis: how many there are, at which places of their windows they
  /// lie, and which window it is that has the first pixel at the first of these places.
  fileprivate func reach(_ remainder: Int, _ pixels: Int) -> (grid: Int, places: Range<Int>, first: Int) {
    let place = (remainder + padding) % stride
    return (
      (pixels - remainder + stride - 1) / stride, Swift.min(place, size)..<size, (remainder + padding - place) / stride
    )
  }
}

extension TensorView {
  /// `[pixels, channels]` of pictures.
  fileprivate var pixels: TensorView { reshaped([shape[..<3].reduce(1, *), shape[3]]) }
  /// `[outputs, inputs]` of a weight for single pixels.
  fileprivate var filters: TensorView { reshaped([shape[0], shape[1]]) }
}
