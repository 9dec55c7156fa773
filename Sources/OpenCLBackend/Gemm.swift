import Compute
import Kernels

/// How `gemm.cl` cuts a product: its build-time numbers.
package struct GemmTiles: Hashable, Sendable {
  let m, n, k: Int
  let itemM, itemN: Int

  var groupSize: Int { (m / itemM) * (n / itemN) }

  /// 64 x 64 x 16, 4 x 4 sums per item: 256 work-items, 8.3 kB of local memory in float and 16.6 kB in double.
  static let standard = GemmTiles(m: 64, n: 64, k: 16, itemM: 4, itemN: 4)
  /// 128 x 128 x 8, 8 x 8 sums per item: twice the arithmetic per word fetched, for products with tiles enough.
  package static let large = GemmTiles(m: 128, n: 128, k: 8, itemM: 8, itemN: 8)
  /// For results a few columns wide, such as coordinates, and a few rows high.
  static let narrow = GemmTiles(m: 128, n: 16, k: 16, itemM: 8, itemN: 1)
  static let flat = GemmTiles(m: 16, n: 128, k: 16, itemM: 1, itemN: 8)

  /// For devices whose work-groups are small: 64 work-items.
  static let small = GemmTiles(m: 32, n: 32, k: 16, itemM: 4, itemN: 4)

  /// For simulators, where every work-item takes its time: 16 work-items, all loops of `gemm.cl` run more than once.
  package static let tiny = GemmTiles(m: 8, n: 8, k: 4, itemM: 2, itemN: 2)

  /// Chosen by shape and type alone, so that the same product gives the same bits.
  static func fitting(m: Int, n: Int, batch: Int, _ elementType: ElementType) -> GemmTiles {
    if n <= 16 { return .narrow }
    if m <= 16 { return .flat }
    // In double the sums of an 8 x 8 item would spill from registers.
    let largeTiles = (m / large.m) * (n / large.n) * batch
    return elementType == .float32 && largeTiles >= 256 ? .large : .standard
  }
}

extension OpenCLDevice {
  public func gemm(
    _ a: TensorView, _ b: TensorView, into c: TensorView, alpha: Double, beta: Double, epilogue: Epilogue?
  ) {
    let plan = orTrap(try GemmPlan(a, b, into: c, epilogue: epilogue))
    c.buffer.markWritten()
    guard supports(c.elementType), !c.isEmpty else { return }
    let choice = gemmChoice(plan, a, b, c, epilogue: epilogue)
    if choice == .blas, blasGemm(plan, a, b, into: c, alpha: alpha, beta: beta) { return }
    let tiles = gemmTiles ?? .fitting(m: plan.m, n: plan.n, batch: plan.batch, c.elementType)
    if tilesAreSound(tiles, plan, c.elementType) {
      tiledGemm(plan, a, b, into: c, alpha: alpha, beta: beta, epilogue: epilogue, tiles)
    } else {
      plainGemm(plan, a, b, into: c, alpha: alpha, beta: beta, epilogue: epilogue)
    }
  }

  /// The product by `gemm.cl`.
  func tiledGemm(
    _ plan: GemmPlan, _ a: TensorView, _ b: TensorView, into c: TensorView, alpha: Double, beta: Double,
    epilogue: Epilogue?, _ preferred: GemmTiles
  ) {
    let tiles = preferred.groupSize <= groupSize ? preferred : .small
    let isDouble = c.elementType == .float64
    let tileCount =
      ((plan.m + tiles.m - 1) / tiles.m) * ((plan.n + tiles.n - 1) / tiles.n) * plan.batch
    let (slices, sliceLength) = slicing(
      depth: plan.k, resultCount: plan.batch * plan.m * plan.n, tiles, tileCount: tileCount, c.elementType)
    let partial = slices > 1 ? allocate(c.elementType, [slices, plan.batch, plan.m, plan.n]) : nil

    let signature = [
      tiles.m, tiles.n, tiles.k, tiles.itemM, tiles.itemN, plan.a.isTransposed ? 1 : 0, plan.b.isTransposed ? 1 : 0,
    ]
    let defines = zip(
      ["TILE_M", "TILE_N", "TILE_K", "ITEM_M", "ITEM_N", "A_TRANSPOSED", "B_TRANSPOSED"], signature
    ).map { "#define \($0) \($1)" }
    let target = targetArguments(plan, c, epilogue)
    launch(
      "gemm", KernelKey(source: .gemm, function: "gemm", isDouble: isDouble, signature: signature), defines: defines,
      [
        .int(plan.m), .int(plan.n), .int(plan.k), .int(plan.batch), .int(slices), .int(sliceLength),
        .real(alpha, like: c),
        .buffer(a.buffer), .int(a.offset), .int(plan.a.leadingDimension), .int(plan.a.batchStride),
        .buffer(b.buffer), .int(b.offset), .int(plan.b.leadingDimension), .int(plan.b.batchStride),
        .real(beta, like: c),
      ] + (partial.map { [.buffer($0.buffer)] + target.dropFirst() } ?? target),
      global: [tileCount * slices * tiles.groupSize], local: [tiles.groupSize], flop: plan.flop,
      byteCount: [a, b, c].reduce(0) { $0 + Self.distinctByteCount($1) })

    guard let partial else { return }
    let size = grid(c.elementCount)
    launch(
      "gemm.combine", KernelKey(source: .gemm, function: "gemmCombine", isDouble: isDouble, signature: signature),
      defines: defines,
      [
        .int(plan.m), .int(plan.n), .int(plan.batch), .int(slices), .real(alpha, like: c), .buffer(partial.buffer),
        .real(beta, like: c),
      ] + target,
      global: size.global, local: size.local, flop: partial.elementCount,
      byteCount: Self.distinctByteCount(partial) + Self.distinctByteCount(c))
  }

  /// Cuts a long product's depth into slices where the tiles of the result alone would leave most of a device idle.
  ///
  /// A function of the shape and of the largest allocation alone, so that the same product gives the same bits.
  func slicing(
    depth: Int, resultCount: Int, _ tiles: GemmTiles, tileCount: Int, _ elementType: ElementType
  ) -> (slices: Int, length: Int) {
    let shortest = 256
    let resultBytes = resultCount * elementType.byteCount
    let most = Swift.min(256 / tileCount, depth / shortest, information.largestAllocation / resultBytes)
    guard most > 1 else { return (1, Swift.max(depth, 1)) }
    let length = ((depth + most - 1) / most + tiles.k - 1) / tiles.k * tiles.k
    return ((depth + length - 1) / length, length)
  }

  /// The product by `gemmPlain.cl`.
  func plainGemm(
    _ plan: GemmPlan, _ a: TensorView, _ b: TensorView, into c: TensorView, alpha: Double, beta: Double,
    epilogue: Epilogue?
  ) {
    /// Offset, and the strides along rows, columns and the batch.
    func operand(_ view: TensorView, _ operand: GemmPlan.Operand) -> [KernelArgument] {
      let (row, column) = operand.isTransposed ? (1, operand.leadingDimension) : (operand.leadingDimension, 1)
      return [.buffer(view.buffer), .int(view.offset), .int(row), .int(column), .int(operand.batchStride)]
    }
    let size = grid(c.elementCount)
    launch(
      "gemm", KernelKey(source: .gemmPlain, function: "gemmPlain", isDouble: c.elementType == .float64), defines: [],
      [.int(plan.m), .int(plan.n), .int(plan.k), .int(plan.batch), .real(alpha, like: c)] + operand(a, plan.a)
        + operand(b, plan.b) + [.real(beta, like: c)] + targetArguments(plan, c, epilogue),
      global: size.global, local: size.local, flop: plan.flop,
      byteCount: [a, b, c].reduce(0) { $0 + Self.distinctByteCount($1) })
  }

  /// c and the epilogue, as every product's kernel takes them.
  private func targetArguments(_ plan: GemmPlan, _ c: TensorView, _ epilogue: Epilogue?) -> [KernelArgument] {
    let bias: TensorView?
    let axis: Int
    switch epilogue?.bias {
    case .perColumn(let view): (bias, axis) = (view, 1)
    case .perRow(let view): (bias, axis) = (view, 2)
    case nil: (bias, axis) = (nil, 0)
    }
    return [
      .buffer(c.buffer), .int(c.offset), .int(plan.c.leadingDimension), .int(plan.c.batchStride),
      .buffer((bias ?? c).buffer), .int(bias?.offset ?? 0), .int32(axis),
      .int32(epilogue?.activation == .relu ? 1 : 0),
    ]
  }
}
