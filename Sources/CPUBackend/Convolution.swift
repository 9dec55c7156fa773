import CPUShim
import Compute

// Windows become rows of a matrix, a block at a time that stays in a core's cache, and meet the filters in one product;
// large ones of 3 x 3 go by minimal filtering.
extension CPUDevice {
  public func convolution2D(
    _ x: TensorView, _ weight: TensorView, into y: TensorView, window: Window, epilogue: ConvolutionEpilogue?
  ) {
    orTrap(try convolution2DRule(x, weight, into: y, window: window, epilogue: epilogue))
    if let cut = WinogradCut(x, y, window) {
      return convolveTiles(
        "convolution2D.tiles", cut, x, weight, turned: false, into: y, beta: 0, epilogue: epilogue)
    }
    let cut = ConvolutionCut(x, y, window)
    if cut.isLargeProduct { return composedConvolution2D(x, weight, into: y, window: window, epilogue: epilogue) }
    launch(
      "convolution2D", flop: cut.flop, reading: [x, weight] + (epilogue?.views ?? []), writing: [y]
    ) {
      guard !cut.isEmpty else { return }
      if y.elementType == .float64 {
        convolve(.double, cut, x, weight, turned: false, into: y, beta: 0, epilogue)
      } else {
        convolve(.float, cut, x, weight, turned: false, into: y, beta: 0, epilogue)
      }
    }
  }

  public func convolution2DDataGradient(
    _ dy: TensorView, _ weight: TensorView, into dx: TensorView, window: Window, beta: Double
  ) {
    orTrap(try convolution2DRule(dx, weight, into: dy, window: window))
    // Where the window steps from pixel to pixel, the adjoint is a convolution by the turned filters.
    let back = Window(size: window.size, padding: window.size - 1 - window.padding)
    if window.stride == 1, let cut = WinogradCut(dy, dx, back) {
      return convolveTiles(
        "convolution2D.data.tiles", cut, dy, weight, turned: true, into: dx, beta: beta, epilogue: nil)
    }
    let cut = window.stride == 1 ? ConvolutionCut(dy, dx, back) : ConvolutionCut(dx, dy, window)
    if cut.isLargeProduct {
      return composedConvolution2DDataGradient(dy, weight, into: dx, window: window, beta: beta)
    }
    launch("convolution2D.data", flop: cut.flop, reading: [dy, weight], writing: [dx]) {
      guard !dx.isEmpty else { return }
      switch (window.stride == 1, dx.elementType == .float64) {
      case (true, true): convolve(.double, cut, dy, weight, turned: true, into: dx, beta: beta, nil)
      case (true, false): convolve(.float, cut, dy, weight, turned: true, into: dx, beta: beta, nil)
      case (false, true): foldWindows(.double, cut, dy, weight, into: dx, beta: beta)
      case (false, false): foldWindows(.float, cut, dy, weight, into: dx, beta: beta)
      }
    }
  }

  public func convolution2DFilterGradient(
    _ x: TensorView, _ dy: TensorView, into dWeight: TensorView, window: Window, beta: Double
  ) {
    orTrap(try convolution2DRule(x, dWeight, into: dy, window: window))
    if let cut = WinogradCut(x, dy, window) {
      return filterGradientOfTiles("convolution2D.filter.tiles", cut, x, dy, into: dWeight, beta: beta)
    }
    let cut = ConvolutionCut(x, dy, window)
    if cut.isLargeProduct {
      return composedConvolution2DFilterGradient(x, dy, into: dWeight, window: window, beta: beta)
    }
    launch("convolution2D.filter", flop: cut.flop, reading: [x, dy], writing: [dWeight]) {
      guard !dWeight.isEmpty else { return }
      if dWeight.elementType == .float64 {
        filterGradient(.double, cut, x, dy, into: dWeight, beta: beta)
      } else {
        filterGradient(.float, cut, x, dy, into: dWeight, beta: beta)
      }
    }
  }

  // MARK: - By real type

  /// y = windows of x times the filters + beta y, then the epilogue.
  private func convolve<Real>(
    _ kernels: ConvolutionKernels<Real>, _ cut: ConvolutionCut, _ x: TensorView, _ weight: TensorView, turned: Bool,
    into y: TensorView, beta: Double, _ epilogue: ConvolutionEpilogue?
  ) {
    let (from, to) = (x.elements(Real.self), y.elements(Real.self))
    // A residual that is y itself must not be overwritten before it is added.
    let isOverResidual = epilogue?.residual?.pointer == y.pointer
    let (windows, product) = (cut.blockSize * cut.windowLength, isOverResidual ? cut.blockSize * cut.outputs : 0)
    withFilterRows(kernels, weight, turned: turned) { filters in
      runBlocks(cut.blocks, kernels, elements: windows + product) { block, memory, scratch in
        let positions = cut.positions(ofBlock: block)
        let place = to + positions.lowerBound * cut.outputs
        let result = isOverResidual ? memory + windows : place
        kernels.multiply(
          cut.windows(kernels, from, positions, in: memory), filters, transposing: (false, true), into: result,
          m: positions.count, n: cut.outputs, k: cut.windowLength, beta: beta, scratch)
        epilogue?.apply(kernels, to: result, into: place, positions, channels: cut.outputs)
      }
    }
  }

  /// dx = beta dx + the gradients of whole windows, added where the windows lie; a tile is a picture.
  private func foldWindows<Real>(
    _ kernels: ConvolutionKernels<Real>, _ cut: ConvolutionCut, _ dy: TensorView, _ weight: TensorView,
    into dx: TensorView, beta: Double
  ) {
    let (from, to) = (dy.elements(Real.self), dx.elements(Real.self))
    let (picture, size) = (dx.elementCount / dx.shape[0], min(cut.blockSize, max(cut.pixels, 1)))
    withFilterRows(kernels, weight, turned: false) { filters in
      runBlocks(dx.shape[0], kernels, elements: size * cut.windowLength) { number, windows, scratch in
        scale(to + number * picture, count: picture, by: beta)
        for first in stride(from: number * cut.pixels, to: (number + 1) * cut.pixels, by: size) {
          let count = min(size, (number + 1) * cut.pixels - first)
          kernels.multiply(
            from + first * cut.outputs, filters, into: windows, m: count, n: cut.windowLength, k: cut.outputs, beta: 0,
            scratch)
          withUnsafePointer(to: cut.shape) { kernels.fold($0, windows, Int64(first), Int64(first + count), to) }
        }
      }
    }
  }

  /// dWeight = beta dWeight + windows times the gradients of the pixels they made; each part sums consecutive blocks, and
  /// the parts are added up in order, in Double.
  private func filterGradient<Real>(
    _ kernels: ConvolutionKernels<Real>, _ cut: ConvolutionCut, _ x: TensorView, _ dy: TensorView,
    into dWeight: TensorView, beta: Double
  ) {
    let (from, gradients) = (x.elements(Real.self), dy.elements(Real.self))
    withScratch(cut.parts * cut.weightCount * MemoryLayout<Real>.stride) { memory in
      let parts = memory.assumingMemoryBound(to: Real.self)
      runBlocks(cut.parts, kernels, elements: cut.blockSize * cut.windowLength) { part, memory, scratch in
        let sum = parts + part * cut.weightCount
        scale(sum, count: cut.weightCount, by: 0)
        for block in cut.blocks(ofPart: part) {
          let positions = cut.positions(ofBlock: block)
          kernels.multiply(
            cut.windows(kernels, from, positions, in: memory), gradients + positions.lowerBound * cut.outputs,
            transposing: (true, false), into: sum, m: cut.windowLength, n: cut.outputs, k: positions.count, beta: 1,
            scratch)
        }
      }
      let (outputs, inputs, size) = (dWeight.shape[0], dWeight.shape[1], dWeight.shape[2])
      let perTile = max(Int(CPU_TILE) / max(cut.parts * outputs * size * size, 1), 1)
      workers.run((inputs + perTile - 1) / perTile) { tile, _ in
        kernels.addFilterParts(
          parts, Int64(cut.parts), Int64(outputs), Int64(inputs), Int64(size), beta, Int64(tile * perTile),
          Int64(min((tile + 1) * perTile, inputs)), dWeight.elements(Real.self))
      }
    }
  }

  // MARK: - Memory

  /// Lends the weight in the order of windows: `[outputs, size, size, inputs]`, or turned and with both exchanged.
  private func withFilterRows<Real>(
    _ kernels: ConvolutionKernels<Real>, _ weight: TensorView, turned: Bool,
    _ body: (UnsafeMutablePointer<Real>) -> Void
  ) {
    let (outputs, inputs, size) = (weight.shape[0], weight.shape[1], weight.shape[2])
    let rows = turned ? inputs : outputs
    withScratch(weight.elementCount * MemoryLayout<Real>.stride) { memory in
      let result = memory.assumingMemoryBound(to: Real.self)
      let perTile = max(Int(CPU_TILE) * rows / max(weight.elementCount, 1), 1)
      workers.run((rows + perTile - 1) / perTile) { tile, _ in
        kernels.filterRows(
          weight.elements(Real.self), Int64(outputs), Int64(inputs), Int64(size), turned, Int64(tile * perTile),
          Int64(min((tile + 1) * perTile, rows)), result)
      }
      body(result)
    }
  }

  /// Runs tiles with so many elements for each and the scratch memory of a product.
  private func runBlocks<Real>(
    _ tiles: Int, _ kernels: ConvolutionKernels<Real>, elements: Int,
    _ body: (_ tile: Int, UnsafeMutablePointer<Real>, _ scratch: UnsafeMutableRawPointer) -> Void
  ) {
    let products = Int(cpu_gemm_scratch(Real.self == Double.self))
    // What follows another worker's memory starts on a cache line of its own.
    let bytes = (products + elements * MemoryLayout<Real>.stride + 63) / 64 * 64
    runTiles(tiles, scratchBytes: bytes) { tile, scratch in
      body(tile, (scratch + products).assumingMemoryBound(to: Real.self), scratch)
    }
  }
}

/// values = factor values; 0 clears them whatever they are.
private func scale<Real: BinaryFloatingPoint>(_ values: UnsafeMutablePointer<Real>, count: Int, by factor: Double) {
  if factor == 0 { return values.update(repeating: 0, count: count) }
  guard factor != 1 else { return }
  for k in 0..<count { values[k] *= Real(factor) }
}

extension ConvolutionCut {
  /// The windows of a block, in the given memory unless they lie in the pictures as they are.
  fileprivate func windows<Real>(
    _ kernels: ConvolutionKernels<Real>, _ x: UnsafeMutablePointer<Real>, _ positions: Range<Int>,
    in memory: UnsafeMutablePointer<Real>
  ) -> UnsafePointer<Real> {
    if isPlainProduct { return UnsafePointer(x + positions.lowerBound * windowLength) }
    withUnsafePointer(to: shape) {
      kernels.unfold($0, x, Int64(positions.lowerBound), Int64(positions.upperBound), memory)
    }
    return UnsafePointer(memory)
  }
}

extension ConvolutionEpilogue {
  /// The elements of the views that there are.
  func elements<Real>(_: Real.Type) -> (
    scale: UnsafePointer<Real>?, bias: UnsafePointer<Real>?, residual: UnsafePointer<Real>?
  ) {
    func elements(_ view: TensorView?) -> UnsafePointer<Real>? { view.map { UnsafePointer($0.elements(Real.self)) } }
    return (elements(scale), elements(bias), elements(residual))
  }

  var views: [TensorView] { [scale, bias, residual].compactMap { $0 } }

  /// - Parameter positions: of y that the product is for.
  fileprivate func apply<Real>(
    _ kernels: ConvolutionKernels<Real>, to product: UnsafePointer<Real>, into y: UnsafeMutablePointer<Real>,
    _ positions: Range<Int>, channels: Int
  ) {
    let (scale, bias, residual) = elements(Real.self)
    kernels.finish(
      product, y, Int64(positions.count), Int64(channels), scale, bias,
      residual.map { $0 + positions.lowerBound * channels }, activation == .relu)
  }
}
