import CPUShim
import Compute

extension CPUDevice {
  public func randomBits(_ key: RandomKey, into destination: TensorView) {
    precondition(
      destination.elementType == .int32 && destination.isContiguous,
      "randomBits: into \(destination.elementType) with strides \(destination.strides)")
    launch("randomBits", reading: [], writing: [destination]) {
      let words = destination.pointer.assumingMemoryBound(to: UInt32.self)
      forElements(destination.elementCount) { range in
        cpu_philox(key.seed, key.offset, Int64(range.lowerBound), Int64(range.count), words + range.lowerBound)
      }
    }
  }

  public func randomMask(_ key: RandomKey, keepProbability: Double, scale: Double, into destination: TensorView) {
    precondition(
      destination.elementType.isReal && destination.isContiguous,
      "randomMask: into \(destination.elementType) with strides \(destination.strides)")
    let threshold = maskThreshold(keepProbability)
    launch("randomMask", reading: [], writing: [destination]) {
      forElements(destination.elementCount) { range in
        let (first, count) = (Int64(range.lowerBound), Int64(range.count))
        if destination.elementType == .float64 {
          cpu_philox_mask_double(
            key.seed, key.offset, first, count, threshold, scale,
            destination.pointer.assumingMemoryBound(to: Double.self) + range.lowerBound)
        } else {
          cpu_philox_mask_float(
            key.seed, key.offset, first, count, threshold, scale,
            destination.pointer.assumingMemoryBound(to: Float.self) + range.lowerBound)
        }
      }
    }
  }

  /// Cuts a contiguous run into tiles that begin at whole Philox blocks.
  private func forElements(_ count: Int, _ body: (Range<Int>) -> Void) {
    let tile = Int(CPU_TILE)
    workers.run((count + tile - 1) / tile) { index, _ in body(index * tile..<min((index + 1) * tile, count)) }
  }
}
