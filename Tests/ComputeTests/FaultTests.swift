import Compute
import TestSupport
import Testing

/// The world's faults are kept and thrown at the next wait; until then everything is harmless.
struct FaultTests {
  private static let cap = 1 << 20

  @Test(arguments: Devices.each)
  func aRequestAboveTheCapIsThrownAtTheNextWait(device: TestDevice) throws {
    let device = try device.fresh(largestAllocation: Self.cap).device
    #expect(device.information.largestAllocation == Self.cap)
    let tooLarge = device.allocate(.float32, [Self.cap / 4 + 1])
    #expect(tooLarge.shape == [Self.cap / 4 + 1])
    let fault = try #require(device.fault)
    #expect(fault.kind == .system)
    #expect(!fault.what.isEmpty && !fault.why.isEmpty && !fault.mend.isEmpty)

    // Later work does nothing and touches nothing.
    let small = device.allocate(.float32, [4])
    device.fill(tooLarge, with: 1)
    device.copy(tooLarge.sliced(axis: 0, 0..<4), to: small)
    device.map(.identity, [tooLarge.sliced(axis: 0, 0..<4)], into: [small])
    device.reduce(
      .sum, .identity, [tooLarge], scalars: [], domain: tooLarge.shape, into: [device.allocate(.float32, [1])])
    device.gemm(
      tooLarge.sliced(axis: 0, 0..<4).reshaped([2, 2]), small.reshaped([2, 2]), into: device.allocate(.float32, [2, 2]))
    device.upload([Float](repeating: 1, count: tooLarge.elementCount), to: tooLarge)
    #expect(throws: fault) { try device.synchronize() }
  }

  @Test(arguments: Devices.each)
  func afterTheFaultWasThrownTheDeviceWorks(device: TestDevice) throws {
    let device = try device.fresh(largestAllocation: Self.cap).device
    _ = device.allocate(byteCount: Self.cap + 1)
    #expect(throws: ComputeError.self) { try device.synchronize() }
    #expect(device.fault == nil)
    let x = device.upload([Float(1), 2, 3], [3])
    device.map(ElementwiseProgram("twice", inputs: 1) { x, _ in [2 * x[0]] }, [x], into: [x])
    #expect(try device.download(x, as: Float.self) == [2, 4, 6])
  }

  @Test(arguments: Devices.each)
  func downloadsThrowTheFaultToo(device: TestDevice) throws {
    let device = try device.fresh(largestAllocation: Self.cap).device
    let x = device.upload([Float(1)], [1])
    _ = device.allocate(byteCount: Self.cap + 1)
    #expect(throws: ComputeError.self) { try device.download(x, as: Float.self) }
  }

  @Test(arguments: Devices.each)
  func theLargestBufferItselfIsAllowed(device: TestDevice) throws {
    let device = try device.fresh(largestAllocation: Self.cap).device
    let x = device.allocate(.float32, [Self.cap / 4])
    device.fill(x, with: 2)
    try device.synchronize()
    #expect(try device.download(x.sliced(axis: 0, Self.cap / 4 - 1..<Self.cap / 4), as: Float.self) == [2])
  }
}

/// Under a cap of 1 MiB, operands of nearly that size must go through without a larger temporary.
struct LargestAllocationTests {
  private static let cap = 1 << 20

  @Test(arguments: Devices.underTest)
  func reductionsOfADomainThatNoBufferHolds(device: TestDevice) throws {
    let device = try device.fresh(largestAllocation: Self.cap)
    var random = RandomSource(seed: 91)
    let (rows, columns) = (600, 701)
    let (a, b) = (random.tensor([rows, 1]), random.tensor([columns]))
    let program = ElementwiseProgram("outer", inputs: 2) { x, _ in [x[0] * x[1]] }
    let (whole, perRow) = (device.output([1, 1]), device.output([rows, 1]))
    for output in [whole, perRow] {
      device.device.reduce(
        .sum, program, [device.input(a), device.input(b)], scalars: [], domain: [rows, columns], into: [output.view])
    }
    let bSum = b.values.reduce(0, +)
    let bSize = b.values.reduce(0) { $0 + abs($1) }
    let aSize = a.values.reduce(0) { $0 + abs($1) }
    let tolerance = device.elementType.sumTolerance
    expectNone(
      mismatch(
        try perRow.values(), a.values.map { $0 * bSum }, allowed: a.values.map { tolerance * abs($0) * bSize }))
    expectNone(
      mismatch(try whole.values(), [a.values.reduce(0, +) * bSum], relative: 0, absolute: tolerance * aSize * bSize))
  }

  /// All operands are as large as a buffer may be.
  @Test(arguments: Devices.underTest)
  func operandsAsLargeAsABuffer(device: TestDevice) throws {
    let device = try device.fresh(largestAllocation: Self.cap)
    let count = Self.cap / device.elementType.byteCount
    let d = device.device
    func filled(_ value: Double, _ shape: [Int]) -> TensorView {
      let view = d.allocate(device.elementType, shape)
      d.fill(view, with: value)
      return view
    }
    let x = filled(0.5, [count])
    let y = d.allocate(device.elementType, [count])
    d.map(ElementwiseProgram("square", inputs: 1) { x, _ in [x[0] * x[0]] }, [x], into: [y])
    #expect(try sample(d, y) == 0.25)

    d.copy(x.reshaped([count / 128, 128]).transposed, to: y.reshaped([128, count / 128]))
    #expect(try sample(d, y) == 0.5)

    d.logSumExp(x.reshaped([count, 1]), into: y.reshaped([count, 1]))
    #expect(try sample(d, y) == 0.5)

    let moments = (d.allocate(device.elementType, [count / 2]), d.allocate(device.elementType, [count / 2]))
    d.moments(x.reshaped([1, 2, count / 2]), weights: nil, mean: moments.0, variance: moments.1)
    #expect(try sample(d, moments.0) == 0.5)
    #expect(try sample(d, moments.1) == 0)

    let index = d.allocate(.int32, [count / 2])
    d.argReduce(.maximum, x.reshaped([count / 2, 2]), into: index)
    #expect(try d.download(index.sliced(axis: 0, 100..<101), as: Int32.self) == [0])

    let side = Int(Double(count).squareRoot())
    let (a, b) = (filled(0.5, [side, side]), filled(2, [side, side]))
    let c = d.allocate(device.elementType, [side, side])
    for b in [b, b.transposed] {
      for a in [a, a.transposed] {
        d.gemm(a, b, into: c)
        #expect(try sample(d, c.reshaped([side * side])) == Double(side))
      }
    }
    // A batch of matrices, none of which may be packed as a whole.
    d.gemm(
      x.reshaped([count / 64, 8, 8]), x.reshaped([count / 64, 8, 8]).transposed, into: y.reshaped([count / 64, 8, 8]))
    #expect(try sample(d, y) == 2)

    let identity = CompressedRows(rows: 64, columns: 64, entries: (0..<64).map { ($0, $0, 2) })
    d.spmm(
      SparseMatrix(identity, device.elementType, on: d), x.reshaped([count / 4096, 64, 64]),
      into: y.reshaped([count / 4096, 64, 64]))
    #expect(try sample(d, y) == 1)

    d.randomMask(RandomKey(seed: 1, offset: 2), keepProbability: 1, scale: 3, into: y)
    #expect(try sample(d, y) == 3)
    try d.synchronize()
  }

  /// The last element of a vector.
  private func sample(_ device: any Device, _ view: TensorView) throws -> Double {
    try device.downloadDoubles(view.sliced(axis: 0, view.elementCount - 1..<view.elementCount))[0]
  }
}
