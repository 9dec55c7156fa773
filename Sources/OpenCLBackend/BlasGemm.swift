import CLShim
import Compute

// CLBlast's product: the second choice, and the oracle of the tiled one.

extension OpenCLDevice {
  /// Which of the two products a device runs.
  enum GemmChoice: Sendable, Equatable { case tiled, blas }

  /// CLBlast where its own tuning knows the device and the product is large, else the tiled kernel.
  ///
  /// CLBlast 1.5 was tuned on cards up to 2021; on what it does not know it falls back to parameters that may be ten
  /// times slower. It has no epilogue, no strided batch on a temporary of ours, and addresses in 32 bits.
  func gemmChoice(_ plan: GemmPlan, _ a: TensorView, _ b: TensorView, _ c: TensorView, epilogue: Epilogue?)
    -> GemmChoice
  {
    let isLarge = plan.m >= 256 && plan.n >= 256 && plan.k >= 64
    let isPlain = plan.batch == 1 && epilogue?.bias == nil && epilogue?.activation != .relu
    guard isLarge, isPlain, fitsBlas(plan, a, b, c), CLBlastTuning.knows(description) else { return .tiled }
    return blasIsSound(plan, c.elementType) ? .blas : .tiled
  }

  /// CLBlast's kernels index with 32-bit integers, rounded up to whole tiles.
  func fitsBlas(_ plan: GemmPlan, _ a: TensorView, _ b: TensorView, _ c: TensorView) -> Bool {
    let limit = Int(Int32.max) / 2
    func span(_ view: TensorView) -> Int {
      view.offset + zip(view.shape, view.strides).reduce(1) { $0 + Swift.max($1.0 - 1, 0) * $1.1 }
    }
    return plan.m > 0 && plan.n > 0 && plan.k > 0 && [a, b, c].allSatisfy { span($0) < limit }
  }

  /// The product by CLBlast; false, with nothing enqueued, when it refused.
  func blasGemm(
    _ plan: GemmPlan, _ a: TensorView, _ b: TensorView, into c: TensorView, alpha: Double, beta: Double
  ) -> Bool {
    guard let left = memory(a), let right = memory(b), let target = memory(c) else { return false }
    var gemm = clshim_gemm(
      is_double: c.elementType == .float64 ? 1 : 0, a_is_transposed: plan.a.isTransposed ? 1 : 0,
      b_is_transposed: plan.b.isTransposed ? 1 : 0, m: plan.m, n: plan.n, k: plan.k, alpha: alpha, beta: beta,
      a: left, b: right, c: target, a_offset: a.offset, b_offset: b.offset, c_offset: c.offset,
      a_leading: plan.a.leadingDimension, b_leading: plan.b.leadingDimension, c_leading: plan.c.leadingDimension)
    var scratchBytes = 0
    let sized = submission.withLock { clshim_gemm_scratch(&gemm, $0.compute.pointer, &scratchBytes) == 0 }
    guard sized, scratchBytes <= information.largestAllocation else { return false }
    let scratch = TensorView(
      buffer: allocate(byteCount: Swift.max(scratchBytes, 1)), elementType: .uint8, shape: [scratchBytes])
    guard let scratchMemory = memory(scratch) else { return false }
    return submission.withLock { state in
      guard state.fault == nil else { return true }
      var event: clshim_event?
      let status =
        state.profiler == nil
        ? clshim_gemm_run(&gemm, state.compute.pointer, scratchMemory, nil)
        : clshim_gemm_run(&gemm, state.compute.pointer, scratchMemory, &event)
      guard status == 0 else { return false }
      state.enqueued(
        "gemm", flop: plan.flop, byteCount: [a, b, c].reduce(0) { $0 + Self.distinctByteCount($1) }, event)
      return true
    }
  }

  private func memory(_ view: TensorView) -> clshim_memory? { (view.buffer as? OpenCLBuffer)?.memory?.pointer }
}

/// What CLBlast's tuning table covers.
enum CLBlastTuning {
  /// Names of families that CLBlast 1.5's table holds (its `database/device_mapping`), newest last.
  private static let families = [
    "Tahiti", "Pitcairn", "Hawaii", "Tonga", "Fiji", "Ellesmere", "Baffin", "gfx803", "gfx900", "gfx902", "gfx906",
    "gfx1010", "GeForce GTX 4", "GeForce GTX 5", "GeForce GTX 6", "GeForce GTX 7", "GeForce GTX 9", "GeForce GTX 10",
    "GeForce GTX 16", "GeForce RTX 20", "GeForce RTX 30", "Tesla", "Quadro", "TITAN", "Titan", "HD Graphics", "Iris",
  ]

  static func knows(_ device: OpenCLDeviceDescription) -> Bool {
    families.contains { device.name.contains($0) }
  }
}
