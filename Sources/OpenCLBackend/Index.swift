import Compute
import Kernels

extension OpenCLDevice {
  public func gather(_ x: TensorView, _ index: RowIndex, into y: TensorView) {
    orTrap(try gatherRule(source: x, index, gathered: y))
    y.buffer.markWritten()
    guard supports(y.elementType), !y.isEmpty else { return }
    let size = grid(inner: y.shape[2], outer: y.shape[0] * y.shape[1])
    launch(
      "gather", KernelKey(source: .gather, function: "gather", isDouble: y.elementType == .float64), defines: [],
      [
        .int(y.shape[0]), .int(y.shape[1]), .int(y.shape[2]), .buffer(index.rows.buffer), .int(index.rows.offset),
        .int(index.listStep * index.count),
        .buffer(x.buffer), .int(x.offset), .int(x.strides[0]), .int(x.strides[1]),
        .buffer(y.buffer), .int(y.offset), .int(y.strides[0]), .int(y.strides[1]),
      ],
      global: size.global, local: size.local, byteCount: 2 * Self.distinctByteCount(y))
  }

  public func scatterAdd(_ x: TensorView, _ index: RowIndex, into y: TensorView, beta: Double) {
    orTrap(try gatherRule(source: y, index, gathered: x))
    y.buffer.markWritten()
    guard supports(y.elementType), !y.isEmpty else { return }
    let size = grid(inner: y.shape[2], outer: y.shape[0] * y.shape[1])
    launch(
      "scatterAdd", KernelKey(source: .scatterAdd, function: "scatterAdd", isDouble: y.elementType == .float64),
      defines: [],
      [
        .int(y.shape[0]), .int(y.shape[1]), .int(index.count), .int(y.shape[2]), .int(index.listStep),
        .buffer(index.destinationStart.buffer), .int(index.destinationStart.offset),
        .buffer(index.positions.buffer), .int(index.positions.offset), .real(beta, like: y),
        .buffer(x.buffer), .int(x.offset), .int(x.strides[0]), .int(x.strides[1]),
        .buffer(y.buffer), .int(y.offset), .int(y.strides[0]), .int(y.strides[1]),
      ],
      global: size.global, local: size.local, flop: x.elementCount,
      byteCount: Self.distinctByteCount(x) + Self.distinctByteCount(y))
  }
}
