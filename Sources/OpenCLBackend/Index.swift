import Compute
import Kernels

extension OpenCLDevice {
  public func gather(_ x: TensorView, _ index: RowIndex, into y: TensorView) {
    orTrap(try gatherRule(source: x, index, gathered: y))
    y.buffer.markWritten()
    guard supports(y.elementType), !y.isEmpty else { return }
    let size = rowGrid(y)
    launch(
      "gather", KernelKey(source: .gather, function: "gather", isDouble: y.elementType == .float64), defines: [],
      [
        .int(y.shape[0]), .int(y.shape[1]), .int(y.shape[2]), .int(size.lanes), .buffer(index.rows.buffer),
        .int(index.rows.offset), .int(index.listStep * index.count),
        .buffer(x.buffer), .int(x.offset), .int(x.strides[0]), .int(x.strides[1]),
        .buffer(y.buffer), .int(y.offset), .int(y.strides[0]), .int(y.strides[1]),
      ],
      global: size.global, local: [groupSize], byteCount: 2 * Self.distinctByteCount(y))
  }

  public func scatterAdd(_ x: TensorView, _ index: RowIndex, into y: TensorView, beta: Double) {
    orTrap(try gatherRule(source: y, index, gathered: x))
    y.buffer.markWritten()
    guard supports(y.elementType), !y.isEmpty else { return }
    let size = rowGrid(y)
    launch(
      "scatterAdd", KernelKey(source: .scatterAdd, function: "scatterAdd", isDouble: y.elementType == .float64),
      defines: [],
      [
        .int(y.shape[0]), .int(y.shape[1]), .int(index.count), .int(y.shape[2]), .int(size.lanes), .int(index.listStep),
        .buffer(index.destinationStart.buffer), .int(index.destinationStart.offset),
        .buffer(index.positions.buffer), .int(index.positions.offset), .real(beta, like: y),
        .buffer(x.buffer), .int(x.offset), .int(x.strides[0]), .int(x.strides[1]),
        .buffer(y.buffer), .int(y.offset), .int(y.strides[0]), .int(y.strides[1]),
      ],
      global: size.global, local: [groupSize], flop: x.elementCount,
      byteCount: Self.distinctByteCount(x) + Self.distinctByteCount(y))
  }

  /// Some work-items for each row of `[batch, rows, width]`, four elements for each where there are so many.
  private func rowGrid(_ y: TensorView) -> (lanes: Int, global: [Int]) {
    let lanes = Self.lanes((y.shape[2] + 3) / 4, atMost: Swift.min(16, groupSize))
    return (lanes, grid(y.shape[0] * y.shape[1] * lanes).global)
  }
}
