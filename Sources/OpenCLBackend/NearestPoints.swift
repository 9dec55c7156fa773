import Compute
import Kernels

extension OpenCLDevice {
  public func nearestPoints(_ x: TensorView, among y: TensorView, squaredDistance: TensorView, index: TensorView) {
    orTrap(try nearestPointsRule(x, among: y, squaredDistance: squaredDistance, index: index))
    for view in [squaredDistance, index] { view.buffer.markWritten() }
    guard supports(x.elementType), !squaredDistance.isEmpty else { return }
    let (batch, n, m) = (x.shape[0], x.shape[1], y.shape[1])
    let lanes = Self.lanes(m, atMost: Swift.min(16, groupSize))
    let pointsPerGroup = groupSize / lanes
    launch(
      "nearestPoints",
      KernelKey(source: .nearestPoints, function: "nearestPoints", isDouble: x.elementType == .float64),
      defines: ["#define GROUP \(groupSize)"],
      [
        .int(batch), .int(n), .int(m), .int(lanes), .buffer(x.buffer), .int(x.offset), .int(x.strides[0]),
        .int(x.strides[1]), .buffer(y.buffer), .int(y.offset), .int(y.strides[0]), .int(y.strides[1]),
        .buffer(squaredDistance.buffer), .int(squaredDistance.offset), .buffer(index.buffer), .int(index.offset),
      ],
      global: [(batch * n + pointsPerGroup - 1) / pointsPerGroup * groupSize], local: [groupSize],
      flop: 8 * batch * n * m, byteCount: Self.distinctByteCount(x) + Self.distinctByteCount(y))
  }
}
