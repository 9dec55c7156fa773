import Compute
import Kernels

extension OpenCLDevice {
  public func gemm(
    _ a: TensorView, _ b: TensorView, into c: TensorView, alpha: Double, beta: Double, epilogue: Epilogue?
  ) {
    let plan = orTrap(try GemmPlan(a, b, into: c, epilogue: epilogue))
    c.buffer.markWritten()
    guard supports(c.elementType), !c.isEmpty else { return }
    let choice = gemmChoice(plan, a, b, c, epilogue: epilogue)
    if choice == .blas, blasGemm(plan, a, b, into: c, alpha: alpha, beta: beta) { return }
    let kernel = tiledKernel(
      m: plan.m, n: plan.n, batch: plan.batch, a: TiledOperand(a, plan.a, isAlongDepth: !plan.a.isTransposed),
      b: TiledOperand(b, plan.b, isAlongDepth: plan.b.isTransposed), c.elementType)
    // `tiledKernel` has tested what runs on matrix units.
    if kernel.tiles.usesMatrixUnits || isSound(kernel) {
      tiledGemm(plan, a, b, into: c, alpha: alpha, beta: beta, epilogue: epilogue, kernel)
    } else {
      plainGemm(plan, a, b, into: c, alpha: alpha, beta: beta, epilogue: epilogue)
    }
  }

  /// The product by `gemm.cl`.
  func tiledGemm(
    _ plan: GemmPlan, _ a: TensorView, _ b: TensorView, into c: TensorView, alpha: Double, beta: Double,
    epilogue: Epilogue?, _ kernel: TiledKernel
  ) {
    let tiles = kernel.tiles
    let tileCount =
      ((plan.m + tiles.m - 1) / tiles.m) * ((plan.n + tiles.n - 1) / tiles.n) * plan.batch
    let (slices, sliceLength) = slicing(
      depth: plan.k, resultCount: plan.batch * plan.m * plan.n, tiles, tileCount: tileCount, c.elementType)
    let partial = slices > 1 ? allocate(c.elementType, [slices, plan.batch, plan.m, plan.n]) : nil
    let target = targetArguments(plan, c, epilogue)
    launch(
      "gemm", kernel.key("gemm", .gemm, .matrixUnitGemm), defines: kernel.defines,
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
      "gemm.combine", kernel.key("gemmCombine", .gemm, .matrixUnitGemm), defines: kernel.defines,
      [
        .int(plan.m), .int(plan.n), .int(plan.batch), .int(slices), .real(alpha, like: c), .buffer(partial.buffer),
        .real(beta, like: c),
      ] + target,
      global: size.global, local: size.local, flop: partial.elementCount,
      byteCount: Self.distinctByteCount(partial) + Self.distinctByteCount(c))
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
