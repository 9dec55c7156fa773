import Compute

/// What this device reaches in this run under the best conditions; a kernel's rate stands beside it.
struct Roof {
  /// FLOP/s of our best large square matrix product: a practical roof, not the maker's figure.
  let arithmetic: Double
  /// Bytes/s of a large copy, read and written bytes counted.
  let memory: Double

  init(of device: any Device, type: ElementType, quick: Bool) throws {
    var best = 0.0
    for side in [1024, 1536, 2048] {
      let product = gemmBenchmark("roof", batch: 1, m: side, n: side, k: side)
      let prepared = try product.prepare(device, type)
      let measurement = try Measurement(on: device, quick: quick, prepared.run)
      best = max(best, Double(product.flop) / measurement.percentile(0.1))
    }
    arithmetic = best

    let byteCount = min(256 << 20, device.information.largestAllocation)
    let shape = [byteCount / type.byteCount]
    let (source, destination) = (device.allocate(type, shape), device.allocate(type, shape))
    device.fill(source, with: 1)
    let measurement = try Measurement(on: device, quick: quick) { device.copy(source, to: destination) }
    memory = 2 * Double(byteCount) / measurement.percentile(0.1)
  }
}
