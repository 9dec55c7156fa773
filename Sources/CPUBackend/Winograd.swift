import CPUShim
import Compute

// Convolutions by minimal filtering: winograd.c says what the transforms are.
extension CPUDevice {
  /// y = x convolved with the filters, or with the turned ones, + beta y; an epilogue goes with beta = 0.
  func convolveTiles(
    _ name: String, _ cut: WinogradCut, _ x: TensorView, _ weight: TensorView, turned: Bool, into y: TensorView,
    beta: Double, epilogue: ConvolutionEpilogue?
  ) {
    precondition(epilogue == nil || beta == 0, "convolveTiles: an epilogue and beta \(beta)")
    launch(name, flop: cut.flop, reading: [x, weight] + (epilogue?.views ?? []), writing: [y]) {
      if y.elementType == .float64 {
        convolve(WinogradKernels.double, cut, x, weight, turned: turned, into: y, beta: beta, epilogue)
      } else {
        convolve(WinogradKernels.float, cut, x, weight, turned: turned, into: y, beta: beta, epilogue)
      }
    }
  }

  /// dWeight = beta dWeight + the filter gradient: the adjoint of every step, summed over blocks in order.
  func filterGradientOfTiles(
    _ name: String, _ cut: WinogradCut, _ x: TensorView, _ dy: TensorView, into dWeight: TensorView, beta: Double
  ) {
    launch(name, flop: cut.flop, reading: [x, dy], writing: [dWeight]) {
      if dWeight.elementType == .float64 {
        filterGradient(WinogradKernels.double, cut, x, dy, into: dWeight, beta: beta)
      } else {
        filterGradient(WinogradKernels.float, cut, x, dy, into: dWeight, beta: beta)
      }
    }
  }

  // MARK: - By real type

  private func convolve<Real>(
    _ kernels: WinogradKernels<Real>, _ cut: WinogradCut, _ x: TensorView, _ weight: TensorView, turned: Bool,
    into y: TensorView, beta: Double, _ epilogue: ConvolutionEpilogue?
  ) {
    let (inputs, outputs) = (cut.inputs, cut.outputs)
    let (scale, bias, residual) = epilogue?.elements(Real.self) ?? (nil, nil, nil)
    withMatrices(cut, Real.self) { filters, transformed, products, scratch in
      workers.run(outputs) { row, _ in
        kernels.filters(
          weight.elements(Real.self), Int64(weight.shape[0]), Int64(weight.shape[1]), turned, Int64(row),
          Int64(row + 1), filters)
      }
      for block in cut.blocks {
        let transforms = cut.transforms(block)
        workers.run(transforms.count) { number, _ in
          transform(kernels, cut, x, transforms[number], of: block, into: transformed)
        }
        let tasks = cut.products(rows: block.count, columns: outputs)
        workers.run(tasks.count) { number, worker in
          let task = tasks[number]
          let first = task.matrix * block.count + task.rows.lowerBound
          kernels.gemm(
            false, true, Int64(task.rows.count), Int64(task.columns.count), Int64(inputs), 1,
            transformed + first * inputs, Int64(inputs),
            filters + task.matrix * cut.weightCount + task.columns.lowerBound * inputs, Int64(inputs), 0,
            products + first * outputs + task.columns.lowerBound, Int64(outputs), scratch(worker))
        }
        workers.run(transforms.count) { number, _ in
          let tiles = transforms[number]
          withUnsafePointer(to: cut.shape) {
            kernels.output(
              $0, Int64(outputs), products + (tiles.lowerBound - block.lowerBound) * outputs, Int64(tiles.lowerBound),
              Int64(tiles.upperBound), Int64(block.count * outputs), beta, scale, bias, residual,
              epilogue?.activation == .relu, y.elements(Real.self))
          }
        }
      }
    }
  }

  private func filterGradient<Real>(
    _ kernels: WinogradKernels<Real>, _ cut: WinogradCut, _ x: TensorView, _ dy: TensorView, into dWeight: TensorView,
    beta: Double
  ) {
    let (inputs, outputs) = (cut.inputs, cut.outputs)
    let tasks = cut.products(rows: outputs, columns: inputs)
    withMatrices(cut, Real.self) { sums, transformed, gradients, scratch in
      for block in cut.blocks {
        let transforms = cut.transforms(block)
        workers.run(transforms.count) { number, _ in
          let tiles = transforms[number]
          transform(kernels, cut, x, tiles, of: block, into: transformed)
          withUnsafePointer(to: cut.shape) {
            kernels.outputAdjoint(
              $0, Int64(outputs), dy.elements(Real.self), Int64(tiles.lowerBound), Int64(tiles.upperBound),
              Int64(block.count * outputs), gradients + (tiles.lowerBound - block.lowerBound) * outputs)
          }
        }
        workers.run(tasks.count) { number, worker in
          let task = tasks[number]
          kernels.gemm(
            true, false, Int64(task.rows.count), Int64(task.columns.count), Int64(block.count), 1,
            gradients + task.matrix * block.count * outputs + task.rows.lowerBound, Int64(outputs),
            transformed + task.matrix * block.count * inputs + task.columns.lowerBound, Int64(inputs),
            block.lowerBound == 0 ? 0 : 1,
            sums + task.matrix * cut.weightCount + task.rows.lowerBound * inputs + task.columns.lowerBound,
            Int64(inputs), scratch(worker))
        }
      }
      workers.run(outputs) { row, _ in
        kernels.filterGradient(
          sums, Int64(outputs), Int64(inputs), beta, Int64(row), Int64(row + 1), dWeight.elements(Real.self))
      }
    }
  }

  /// Transforms the pixels under some tiles of a block.
  private func transform<Real>(
    _ kernels: WinogradKernels<Real>, _ cut: WinogradCut, _ x: TensorView, _ tiles: Range<Int>, of block: Range<Int>,
    into transformed: UnsafeMutablePointer<Real>
  ) {
    withUnsafePointer(to: cut.shape) {
      kernels.input(
        $0, x.elements(Real.self), Int64(tiles.lowerBound), Int64(tiles.upperBound), Int64(block.count * cut.inputs),
        transformed + (tiles.lowerBound - block.lowerBound) * cut.inputs)
    }
  }

  /// Lends 16 matrices `[outputs, inputs]`, for a block 16 of `[tiles, inputs]` and of `[tiles, outputs]`, and for each
  /// worker what a product needs.
  private func withMatrices<Real>(
    _ cut: WinogradCut, _: Real.Type,
    _ body: (
      _ weights: UnsafeMutablePointer<Real>, _ inputs: UnsafeMutablePointer<Real>,
      _ outputs: UnsafeMutablePointer<Real>, _ scratch: (_ worker: Int) -> UnsafeMutableRawPointer
    ) -> Void
  ) {
    let scratchBytes = Int(cpu_gemm_scratch(Real.self == Double.self))
    let weights = WinogradCut.matrices * cut.weightCount
    let (inputs, outputs) = (
      WinogradCut.matrices * cut.blockSize * cut.inputs, WinogradCut.matrices * cut.blockSize * cut.outputs
    )
    withScratch(
      workers.threadCount * scratchBytes + (weights + inputs + outputs) * MemoryLayout<Real>.stride
    ) { memory in
      let elements = (memory + workers.threadCount * scratchBytes).assumingMemoryBound(to: Real.self)
      body(elements, elements + weights, elements + weights + inputs) { memory + $0 * scratchBytes }
    }
  }
}
