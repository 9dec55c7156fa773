import Compute
import TestSupport
import Testing

struct GemmSize: Sendable, CustomStringConvertible {
  var batch = 1
  let m, n, k: Int
  var description: String { "\(batch) x \(m) x \(n) x \(k)" }

  /// Around the tiles of 16, 64 and 128; vectors; nothing.
  static let awkward = [
    GemmSize(m: 1, n: 1, k: 1), GemmSize(m: 3, n: 5, k: 7), GemmSize(m: 16, n: 16, k: 16),
    GemmSize(m: 17, n: 15, k: 13),
    GemmSize(m: 63, n: 17, k: 65), GemmSize(m: 64, n: 64, k: 16), GemmSize(m: 65, n: 63, k: 3),
    GemmSize(m: 127, n: 129, k: 5), GemmSize(m: 129, n: 1, k: 17), GemmSize(m: 1, n: 129, k: 31),
    GemmSize(m: 70, n: 66, k: 34), GemmSize(batch: 2, m: 68, n: 36, k: 20),
    GemmSize(batch: 3, m: 5, n: 33, k: 17), GemmSize(batch: 2, m: 13, n: 3, k: 129), GemmSize(m: 0, n: 3, k: 2),
    GemmSize(m: 4, n: 0, k: 2), GemmSize(batch: 0, m: 2, n: 2, k: 2), GemmSize(batch: 2, m: 3, n: 5, k: 0),
  ]
}

struct GemmTests {
  @Test(arguments: Devices.underTest, GemmSize.awkward)
  func transposesAndStridedRows(device: TestDevice, size: GemmSize) throws {
    var random = RandomSource(seed: 41)
    let a = random.tensor([size.batch, size.m, size.k])
    let b = random.tensor([size.batch, size.k, size.n])
    let shape = [size.batch, size.m, size.n]
    // The old content of c is NaN, and beta 0 must not see it.
    let expected = Oracle.gemm(a, b, adding: HostTensor(shape, repeating: .nan))
    for layout in [Layout.contiguous, .sliced, .padded] {
      for (aIsTransposed, bIsTransposed) in [(false, false), (false, true), (true, false), (true, true)] {
        let c = device.output(shape, layout)
        device.device.gemm(
          operand(a, aIsTransposed, layout, device), operand(b, bIsTransposed, layout, device), into: c.view)
        expectNone(
          mismatch(try c.values(), expected, tolerance: device.elementType.sumTolerance),
          "transposed: \(aIsTransposed), \(bIsTransposed), \(layout)")
      }
    }
  }

  @Test(arguments: Devices.underTest)
  func scalesAndAdds(device: TestDevice) throws {
    var random = RandomSource(seed: 42)
    for (batch, m, n, k) in [(1, 33, 17, 9), (3, 5, 65, 4), (2, 7, 3, 0)] {
      let (a, b, c) = (random.tensor([batch, m, k]), random.tensor([batch, k, n]), random.tensor([batch, m, n]))
      for (alpha, beta) in [(1.0, 1.0), (-0.5, 2.0), (2.0, -1.0), (0.25, 0.0)] {
        let output = device.output([batch, m, n], .sliced, initially: c)
        device.device.gemm(device.input(a), device.input(b), into: output.view, alpha: alpha, beta: beta)
        let expected = Oracle.gemm(a, b, adding: c, alpha: alpha, beta: beta)
        expectNone(
          mismatch(try output.values(), expected, tolerance: device.elementType.sumTolerance),
          "alpha \(alpha), beta \(beta), k \(k)")
      }
    }
  }

  @Test(arguments: Devices.underTest)
  func matricesWithoutABatchAxis(device: TestDevice) throws {
    var random = RandomSource(seed: 43)
    let (a, b) = (random.tensor([1, 19, 23]), random.tensor([1, 23, 5]))
    let c = device.output([19, 5])
    device.device.gemm(device.input(a).reshaped([19, 23]), device.input(b).reshaped([23, 5]), into: c.view)
    let expected = Oracle.gemm(a, b, adding: HostTensor([1, 19, 5], repeating: 0))
    expectNone(mismatch(try c.values(), expected, tolerance: device.elementType.sumTolerance))
  }

  @Test(arguments: Devices.underTest)
  func batchStrideZeroSharesAMatrix(device: TestDevice) throws {
    var random = RandomSource(seed: 44)
    let (batch, m, n, k) = (4, 18, 7, 33)
    let shape = [batch, m, n]
    for (aBatch, bBatch) in [(1, batch), (batch, 1), (1, 1)] {
      let (a, b) = (random.tensor([aBatch, m, k]), random.tensor([bBatch, k, n]))
      let c = device.output(shape)
      device.device.gemm(
        device.input(a).broadcast(to: [batch, m, k]),
        device.input(b.transposed).transposed.broadcast(to: [batch, k, n]),
        into: c.view)
      let expected = Oracle.gemm(a, b, adding: HostTensor(shape, repeating: 0))
      expectNone(mismatch(try c.values(), expected, tolerance: device.elementType.sumTolerance))
    }
  }

  /// Batches that lie side by side within a row: a batch stride smaller than a matrix.
  @Test(arguments: Devices.underTest)
  func batchesMayInterleave(device: TestDevice) throws {
    var random = RandomSource(seed: 45)
    let (batch, m, n, k) = (3, 6, 5, 8)
    // Memory [m, batch, k]: like heads of an attention layer.
    let a = random.tensor([m, batch, k])
    let b = random.tensor([batch, k, n])
    let c = device.output([batch, m, n])
    device.device.gemm(device.input(a).transposed(0, 1), device.input(b), into: c.view)
    let reordered = HostTensor(
      [batch, m, k], indices(of: [batch, m, k]).map { a[broadcasting: [$0[1], $0[0], $0[2]]] })
    let expected = Oracle.gemm(reordered, b, adding: HostTensor([batch, m, n], repeating: 0))
    expectNone(mismatch(try c.values(), expected, tolerance: device.elementType.sumTolerance))
  }

  @Test(arguments: Devices.underTest, [Epilogue.Activation.identity, .relu])
  func epilogues(device: TestDevice, activation: Epilogue.Activation) throws {
    var random = RandomSource(seed: 46)
    for (batch, m, n, k) in [(1, 33, 65, 9), (2, 5, 17, 3), (1, 4, 3, 0)] {
      let (a, b, c) = (random.tensor([batch, m, k]), random.tensor([batch, k, n]), random.tensor([batch, m, n]))
      let (columns, rows) = (random.tensor([n]), random.tensor([m]))
      let cases: [(Epilogue.Bias?, (Int, Int) -> Double)] = [
        (nil, { _, _ in 0 }),
        (.perColumn(device.input(columns)), { columns.values[$1] }),
        (.perRow(device.input(rows)), { row, _ in rows.values[row] }),
      ]
      for beta in [0.0, 0.5] {
        for (bias, value) in cases {
          let output = device.output([batch, m, n], initially: beta == 0 ? nil : c)
          device.device.gemm(
            device.input(a), device.input(b), into: output.view, alpha: 2, beta: beta,
            epilogue: Epilogue(bias: bias, activation: activation))
          var expected = Oracle.gemm(a, b, adding: c, alpha: 2, beta: beta) { value($0, $1) }
          if activation == .relu { expected.tensor.values = expected.values.map { $0 < 0 ? 0 : $0 } }
          expectNone(mismatch(try output.values(), expected, tolerance: device.elementType.sumTolerance))
        }
      }
    }
  }

  @Test(arguments: Devices.underTest)
  func reluOfNaNIsNaN(device: TestDevice) throws {
    let a = device.input(HostTensor([2, 1], [.nan, -1]))
    let b = device.input(HostTensor([1, 1], [1]))
    let c = device.output([2, 1])
    device.device.gemm(a, b, into: c.view, alpha: 1, beta: 0, epilogue: Epilogue(activation: .relu))
    expectNone(mismatch(try c.values(), [.nan, 0], relative: 0))
  }

  @Test(arguments: Devices.underTest)
  func aDeepProduct(device: TestDevice) throws {
    var random = RandomSource(seed: 47)
    let (m, n, k) = (3, 5, 20_011)
    let (a, b) = (random.tensor([1, m, k]), random.tensor([1, k, n]))
    let expected = Oracle.gemm(a, b, adding: HostTensor([1, m, n], repeating: 0))
    for isTransposed in [false, true] {
      let c = device.output([1, m, n])
      device.device.gemm(operand(a, isTransposed, .contiguous, device), device.input(b), into: c.view)
      expectNone(mismatch(try c.values(), expected, tolerance: device.elementType.sumTolerance))
    }
  }

  /// Too large for an oracle of every element: rows are sampled.
  @Test(arguments: Devices.underTest)
  func aLargeProduct(device: TestDevice) throws {
    var random = RandomSource(seed: 48)
    let (m, n, k) = (389, 263, 300)
    let (a, b) = (random.tensor([m, k]), random.tensor([1, k, n]))
    let c = device.output([m, n])
    device.device.gemm(device.input(a), device.input(b).reshaped([k, n]), into: c.view)
    let values = try c.values()
    for row in [0, 127, 128, 255, 388] {
      let aRow = HostTensor([1, 1, k], Array(a.values[row * k..<(row + 1) * k]))
      let expected = Oracle.gemm(aRow, b, adding: HostTensor([1, 1, n], repeating: 0))
      expectNone(
        mismatch(Array(values[row * n..<(row + 1) * n]), expected, tolerance: device.elementType.sumTolerance),
        "row \(row)")
    }
  }

  /// Rows of the operands lie far apart and sums are long: what the CPU backend lays out in pieces first. Rows are sampled.
  @Test(arguments: Devices.underTest, [GemmSize(m: 260, n: 100, k: 1100), GemmSize(m: 301, n: 899, k: 1501)])
  func longSumsOverFarRows(device: TestDevice, size: GemmSize) throws {
    var random = RandomSource(seed: 49)
    let (m, n, k) = (size.m, size.n, size.k)
    let (a, b, old) = (random.tensor([1, m, k]), random.tensor([1, k, n]), random.tensor([1, m, n]))
    for (aIsTransposed, bIsTransposed) in [(false, false), (false, true), (true, false), (true, true)] {
      let c = device.output([1, m, n], .contiguous, initially: old)
      device.device.gemm(
        operand(a, aIsTransposed, .contiguous, device), operand(b, bIsTransposed, .contiguous, device), into: c.view,
        alpha: -0.5, beta: 2)
      let values = try c.values()
      for row in [0, 159, 160, m - 1] {
        let part = { (x: HostTensor, width: Int) in
          HostTensor([1, 1, width], Array(x.values[row * width..<(row + 1) * width]))
        }
        let expected = Oracle.gemm(part(a, k), b, adding: part(old, n), alpha: -0.5, beta: 2)
        expectNone(
          mismatch(Array(values[row * n..<(row + 1) * n]), expected, tolerance: device.elementType.sumTolerance),
          "transposed: \(aIsTransposed), \(bIsTransposed), row \(row)")
      }
    }
  }

  /// `matrix` as an operand, stored transposed or not.
  private func operand(
    _ matrix: HostTensor, _ isTransposed: Bool, _ layout: Layout, _ device: TestDevice
  ) -> TensorView {
    isTransposed ? device.input(matrix.transposed, layout).transposed : device.input(matrix, layout)
  }
}
