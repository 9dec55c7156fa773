import Compute

/// One form of a product that a driver's compiler may get wrong.
struct GemmForm: Hashable {
  /// nil: CLBlast.
  let tiles: ProductTiles?
  let isATransposed, isBTransposed, isDouble: Bool
  /// Words that are fetched at once.
  var aVector = 1, bVector = 1
}

extension OpenCLDevice {
  /// Whether `gemm.cl` in this form agrees with its plain twin here: tried at the form's first use. Convolutions of the
  /// form fetch and multiply alike.
  func isSound(_ kernel: TiledKernel) -> Bool {
    let tiles = kernel.tiles
    let form = GemmForm(
      tiles: tiles, isATransposed: !kernel.a.isAlongDepth, isBTransposed: kernel.b.isAlongDepth,
      isDouble: kernel.elementType == .float64, aVector: kernel.aVector, bVector: kernel.bVector)
    return isSound(form, m: tiles.m + 1, n: tiles.n + 1, k: 4 * tiles.k + 1) { plan, a, b, c in
      tiledGemm(plan, a, b, into: c, alpha: 1, beta: 0, epilogue: nil, kernel)
      return true
    }
  }

  /// Whether CLBlast's product does; `plan` tells the transposes.
  func blasIsSound(_ plan: GemmPlan, _ elementType: ElementType) -> Bool {
    let form = GemmForm(
      tiles: nil, isATransposed: plan.a.isTransposed, isBTransposed: plan.b.isTransposed,
      isDouble: elementType == .float64)
    return isSound(form, m: 259, n: 261, k: 70) { plan, a, b, c in
      blasGemm(plan, a, b, into: c, alpha: 1, beta: 0)
    }
  }

  private func isSound(
    _ form: GemmForm, m: Int, n: Int, k: Int,
    product: (GemmPlan, TensorView, TensorView, TensorView) -> Bool
  ) -> Bool {
    let known = submission.withLock { state -> Bool? in
      // After a fault nothing runs, and nothing can be learnt.
      state.fault != nil ? true : state.soundness[form]
    }
    if let known { return known }
    // What faulted is tried again another time.
    guard let isSound = try? withoutProfiling({ try test(form, m, n, k, product) }) else { return false }
    submission.withLock { $0.soundness[form] = isSound }
    return isSound
  }

  /// Products of no whole tiles, at an offset, into a c full of NaN, against the plain kernel.
  private func test(
    _ form: GemmForm, _ m: Int, _ n: Int, _ k: Int,
    _ product: (GemmPlan, TensorView, TensorView, TensorView) -> Bool
  ) throws -> Bool {
    let elementType: ElementType = form.isDouble ? .float64 : .float32
    func operand(_ rows: Int, _ columns: Int, isTransposed: Bool, times factor: Double) -> TensorView {
      let (lines, length) = isTransposed ? (columns, rows) : (rows, columns)
      // Lines begin where whole fetches may, and end within one.
      let vector = Swift.max(form.aVector, form.bVector)
      let (leading, offset) = ((length + vector - 1) / vector * vector, 3 * vector)
      // A whole block of the pool: oclgrind forgets the rest of one that the host writes a part of.
      let byteCount = MemoryPool.sizeClass((lines * leading + offset) * elementType.byteCount)
      let view = allocate(elementType, [byteCount / elementType.byteCount])
      upload((0..<view.elementCount).map { (Double($0 * 7 % 11) - 5) * factor }, to: view)
      let matrix = TensorView(
        buffer: view.buffer, elementType: elementType, shape: [lines, length], strides: [leading, 1], offset: offset)
      return isTransposed ? matrix.transposed : matrix
    }
    // Factors of 13 binary places: more than matrix units take at once.
    for (aFactor, bFactor) in [(4097.0, 1.0), (1.0, 4097.0)] {
      let a = operand(m, k, isTransposed: form.isATransposed, times: aFactor)
      let b = operand(k, n, isTransposed: form.isBTransposed, times: bFactor)
      let (tested, plain) = (allocate(elementType, [m, n]), allocate(elementType, [m, n]))
      fill(tested, with: .nan)
      let plan = try GemmPlan(a, b, into: tested)
      guard product(plan, a, b, tested) else { return false }
      plainGemm(plan, a, b, into: plain, alpha: 1, beta: 0, epilogue: nil)
      // Sums of whole numbers below 2^24 are exact in any order.
      guard try downloadDoubles(tested) == downloadDoubles(plain) else { return false }
    }
    return true
  }

  /// Launches of `body` are ours, not the caller's: no profiler hears of them.
  private func withoutProfiling<Value>(_ body: () throws -> Value) rethrows -> Value {
    let profiler = submission.withLock { state in
      defer { state.profiler = nil }
      return state.profiler
    }
    defer { submission.withLock { $0.profiler = profiler } }
    return try body()
  }
}
