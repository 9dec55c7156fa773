import CPUShim
import Compute

extension CPUDevice {
  public func maximumPool2D(_ x: TensorView, into y: TensorView, choice: TensorView, window: Window) {
    orTrap(try maximumPool2DRule(x, into: y, choice: choice, window: window))
    launch("maximumPool2D", flop: y.elementCount * window.size * window.size, reading: [x], writing: [y, choice]) {
      let places = choice.pointer.assumingMemoryBound(to: UInt8.self)
      forRows(y) { first, last in
        var shape = cpu_window_shape(x, y, window)
        if x.elementType == .float64 {
          cpu_maximum_pool_double(
            &shape, x.pointer.assumingMemoryBound(to: Double.self), first, last,
            y.pointer.assumingMemoryBound(to: Double.self), places)
        } else {
          cpu_maximum_pool_float(
            &shape, x.pointer.assumingMemoryBound(to: Float.self), first, last,
            y.pointer.assumingMemoryBound(to: Float.self), places)
        }
      }
    }
  }

  public func maximumPool2DGradient(
    _ dy: TensorView, choice: TensorView, into dx: TensorView, window: Window, beta: Double
  ) {
    orTrap(try maximumPool2DRule(dx, into: dy, choice: choice, window: window))
    launch("maximumPool2D.gradient", flop: dy.elementCount, reading: [dy, choice], writing: [dx]) {
      let places = choice.pointer.assumingMemoryBound(to: UInt8.self)
      forRows(dx) { first, last in
        var shape = cpu_window_shape(dx, dy, window)
        if dx.elementType == .float64 {
          cpu_maximum_pool_gradient_double(
            &shape, dy.pointer.assumingMemoryBound(to: Double.self), places, first, last, beta,
            dx.pointer.assumingMemoryBound(to: Double.self))
        } else {
          cpu_maximum_pool_gradient_float(
            &shape, dy.pointer.assumingMemoryBound(to: Float.self), places, first, last, beta,
            dx.pointer.assumingMemoryBound(to: Float.self))
        }
      }
    }
  }

  /// Cuts the rows of pixels of all pictures into tiles.
  private func forRows(_ pictures: TensorView, _ body: (_ first: Int64, _ last: Int64) -> Void) {
    guard !pictures.isEmpty else { return }
    let rows = pictures.shape[0] * pictures.shape[1]
    let perTile = max(Int(CPU_TILE) / (pictures.shape[2] * pictures.shape[3]), 1)
    workers.run((rows + perTile - 1) / perTile) { tile, _ in
      body(Int64(tile * perTile), Int64(min((tile + 1) * perTile, rows)))
    }
  }
}
