import CPUShim
import Compute

extension CPUDevice {
  public func nearestPoints(_ x: TensorView, among y: TensorView, squaredDistance: TensorView, index: TensorView) {
    orTrap(try nearestPointsRule(x, among: y, squaredDistance: squaredDistance, index: index))
    let (batch, n, m) = (x.shape[0], x.shape[1], y.shape[1])
    launch("nearestPoints", flop: 8 * batch * n * m, reading: [x, y], writing: [squaredDistance, index]) {
      guard !squaredDistance.isEmpty else { return }
      let bytes = x.elementType.byteCount
      let planes = TensorView(
        buffer: allocate(byteCount: batch * m * 3 * bytes), elementType: x.elementType, shape: [batch, 3, m])
      copy(y.transposed, to: planes)
      guard fault == nil else { return }
      let rowsPerTile = max(Int(CPU_TILE) / m, 16)
      let tilesPerBatch = (n + rowsPerTile - 1) / rowsPerTile
      workers.run(batch * tilesPerBatch) { tile, _ in
        let (element, first) = (tile / tilesPerBatch, tile % tilesPerBatch * rowsPerTile)
        let rows = Int64(min(rowsPerTile, n - first))
        let from = x.pointer + (element * x.strides[0] + first * x.strides[1]) * bytes
        let among = planes.pointer + element * 3 * m * bytes
        let place = element * n + first
        let nearest = index.pointer.assumingMemoryBound(to: Int32.self) + place
        if x.elementType == .float64 {
          cpu_nearest_points_double(
            from.assumingMemoryBound(to: Double.self), Int64(x.strides[1]), rows,
            among.assumingMemoryBound(to: Double.self), Int64(m),
            squaredDistance.pointer.assumingMemoryBound(to: Double.self) + place, nearest)
        } else {
          cpu_nearest_points_float(
            from.assumingMemoryBound(to: Float.self), Int64(x.strides[1]), rows,
            among.assumingMemoryBound(to: Float.self), Int64(m),
            squaredDistance.pointer.assumingMemoryBound(to: Float.self) + place, nearest)
        }
      }
    }
  }
}
