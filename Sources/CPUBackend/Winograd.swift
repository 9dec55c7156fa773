import CPUShim
import Compute

// Convolutions by minimal filtering: winograd.c says what the transforms are.
extension CPUDevice {
  /// y = x convolved with the filters, or with the turned ones, + beta y; then the epilogue.
  func convolveTiles<Real>(
    _ kernels: ConvolutionKernels<Real>, _ cut: WinogradCut, _ x: TensorView, _ weight: TensorView, turned: Bool,
    into y: TensorView, beta: Double, _ epilogue: ConvolutionEpilogue?
  ) {
    let (inputs, outputs) = (cut.inputs, cut.outputs)
    withMatrices(cut, Real.self) { filters, transformed, products in
      workers.run(outputs) { row, _ in
        kernels.winograd.filters(
          weight.elements(Real.self), Int64(weight.shape[0]), Int64(weight.shape[1]), turned, Int64(row),
          Int64(row + 1), filters)
      }
      for rows in cut.blocks {
        let tiles = rows.count * cut.columns
        workers.run(rows.count) { number, _ in
          transform(kernels, cut, x, row: rows.lowerBound + number, number, of: tiles, into: transformed)
        }
        let tasks = cut.tasks(tiles: tiles)
        runTiles(tasks.count, scratchBytes: Int(cpu_gemm_scratch(Real.self == Double.self))) { task, scratch in
          let (matrix, part) = tasks[task]
          let first = matrix * tiles + part.lowerBound
          kernels.multiply(
            transformed + first * inputs, filters + matrix * cut.weightCount, transposing: (false, true),
            into: products + first * outputs, m: part.count, n: outputs, k: inputs, beta: 0, scratch)
        }
        // The epilogue may read what is in y.
        let lineBytes = epilogue == nil ? 0 : 2 * Int(cut.shape.output_width) * outputs * MemoryLayout<Real>.stride
        runTiles(rows.count, scratchBytes: lineBytes) { number, scratch in
          let positions = cut.positions(ofRow: rows.lowerBound + number)
          let place = y.elements(Real.self) + positions.lowerBound * outputs
          let result = epilogue == nil ? place : scratch.assumingMemoryBound(to: Real.self)
          withUnsafePointer(to: cut.shape) {
            kernels.winograd.output(
              $0, Int64(outputs), products + number * cut.columns * outputs, Int64(rows.lowerBound + number),
              Int64(tiles * outputs), beta, result)
          }
          epilogue?.apply(kernels, to: result, into: place, positions, channels: outputs)
        }
      }
    }
  }

  /// dWeight = beta dWeight + the filter gradient: the adjoint of every step, summed over blocks in order.
  func tiledFilterGradient<Real>(
    _ kernels: ConvolutionKernels<Real>, _ cut: WinogradCut, _ x: TensorView, _ dy: TensorView,
    into dWeight: TensorView, beta: Double
  ) {
    let (inputs, outputs) = (cut.inputs, cut.outputs)
    withMatrices(cut, Real.self) { sums, transformed, gradients in
      for rows in cut.blocks {
        let tiles = rows.count * cut.columns
        workers.run(rows.count) { number, _ in
          let row = rows.lowerBound + number
          transform(kernels, cut, x, row: row, number, of: tiles, into: transformed)
          withUnsafePointer(to: cut.shape) {
            kernels.winograd.outputAdjoint(
              $0, Int64(outputs), dy.elements(Real.self), Int64(row), Int64(tiles * outputs),
              gradients + number * cut.columns * outputs)
          }
        }
        let tasks = cut.gradientTasks
        runTiles(tasks.count, scratchBytes: Int(cpu_gemm_scratch(Real.self == Double.self))) { task, scratch in
          let (matrix, part) = tasks[task]
          kernels.gemm(
            true, false, Int64(part.count), Int64(inputs), Int64(tiles), 1,
            gradients + matrix * tiles * outputs + part.lowerBound, Int64(outputs),
            transformed + matrix * tiles * inputs, Int64(inputs), rows.lowerBound == 0 ? 0 : 1,
            sums + matrix * cut.weightCount + part.lowerBound * inputs, Int64(inputs), scratch)
        }
      }
      workers.run(outputs) { row, _ in
        kernels.winograd.filterGradient(
          sums, Int64(outputs), Int64(inputs), beta, Int64(row), Int64(row + 1), dWeight.elements(Real.self))
      }
    }
  }

  /// Transforms the pixels under row `row`, which is number `number` of a block of so many tiles.
  private func transform<Real>(
    _ kernels: ConvolutionKernels<Real>, _ cut: WinogradCut, _ x: TensorView, row: Int, _ number: Int, of tiles: Int,
    into transformed: UnsafeMutablePointer<Real>
  ) {
    withUnsafePointer(to: cut.shape) {
      kernels.winograd.input(
        $0, x.elements(Real.self), Int64(row), Int64(tiles * cut.inputs),
        transformed + number * cut.columns * cut.inputs)
    }
  }

  /// Lends 16 matrices `[outputs, inputs]`, and for a block 16 of `[tiles, inputs]` and of `[tiles, outputs]`.
  private func withMatrices<Real>(
    _ cut: WinogradCut, _: Real.Type,
    _ body: (
      _ weights: UnsafeMutablePointer<Real>, _ inputs: UnsafeMutablePointer<Real>,
      _ outputs: UnsafeMutablePointer<Real>
    ) -> Void
  ) {
    let weights = WinogradCut.matrices * cut.weightCount
    let (inputs, outputs) = (
      WinogradCut.matrices * cut.blockTiles * cut.inputs, WinogradCut.matrices * cut.blockTiles * cut.outputs
    )
    withScratch((weights + inputs + outputs) * MemoryLayout<Real>.stride) { memory in
      let elements = memory.assumingMemoryBound(to: Real.self)
      body(elements, elements + weights, elements + weights + inputs)
    }
  }
}
