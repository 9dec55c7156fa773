import Compute
import TestSupport
import Testing

struct SpMMTests {
  @Test(arguments: Devices.underTest, Sizes.awkward)
  func agreesWithTheOracle(device: TestDevice, size: Int) throws {
    var random = RandomSource(seed: 51)
    for (batch, rows, inner, width) in [(1, size, 13, 5), (2, 9, 7, size), (1, 5, size, 3)] {
      let a = random.sparse(rows, inner)
      let matrix = SparseMatrix(a, device.elementType, on: device.device)
      let x = random.tensor([batch, inner, width])
      for layout in [Layout.contiguous, .sliced] {
        let y = device.output([batch, rows, width], layout)
        device.device.spmm(matrix, device.input(x, layout), into: y.view)
        expectNone(mismatch(try y.values(), Oracle.spmm(a, x), tolerance: device.elementType.sumTolerance), "\(layout)")
      }
    }
  }

  @Test(arguments: Devices.underTest)
  func scalesAndAdds(device: TestDevice) throws {
    var random = RandomSource(seed: 52)
    let a = random.sparse(33, 21)
    let matrix = SparseMatrix(a, device.elementType, on: device.device)
    let (x, z) = (random.tensor([3, 21, 17]), random.tensor([3, 33, 17]))
    for (alpha, beta) in [(1.0, 1.0), (-2.0, 0.5), (0.5, -1.0)] {
      let expected = Oracle.spmm(a, x, alpha: alpha, beta: beta, adding: z)
      let y = device.output([3, 33, 17])
      device.device.spmm(
        matrix, device.input(x), into: y.view, alpha: alpha, beta: beta, adding: device.input(z, .sliced))
      expectNone(mismatch(try y.values(), expected, tolerance: device.elementType.sumTolerance))
      // z may be y itself.
      let inPlace = device.output([3, 33, 17], .sliced, initially: z)
      device.device.spmm(
        matrix, device.input(x), into: inPlace.view, alpha: alpha, beta: beta, adding: inPlace.view)
      expectNone(mismatch(try inPlace.values(), expected, tolerance: device.elementType.sumTolerance))
    }
  }

  /// With beta = 0 neither the old y nor a z full of NaN has any influence.
  @Test(arguments: Devices.underTest)
  func betaZeroIgnoresWhatWasThere(device: TestDevice) throws {
    var random = RandomSource(seed: 53)
    let a = random.sparse(8, 6)
    let x = random.tensor([1, 6, 3])
    let y = device.output([1, 8, 3])
    device.device.spmm(
      SparseMatrix(a, device.elementType, on: device.device), device.input(x), into: y.view, alpha: 1, beta: 0,
      adding: device.input(HostTensor([1, 8, 3], repeating: .nan)))
    expectNone(mismatch(try y.values(), Oracle.spmm(a, x), tolerance: device.elementType.sumTolerance))
  }

  /// <A x, y> = <x, A' y>.
  @Test(arguments: Devices.underTest)
  func isAdjointToItsTranspose(device: TestDevice) throws {
    var random = RandomSource(seed: 54)
    let matrix = SparseMatrix(random.sparse(65, 31), device.elementType, on: device.device)
    let (x, y) = (random.tensor([2, 31, 9]), random.tensor([2, 65, 9]))
    let (ax, aty) = (device.output([2, 65, 9]), device.output([2, 31, 9]))
    device.device.spmm(matrix, device.input(x), into: ax.view)
    device.device.spmm(matrix.transposed, device.input(y), into: aty.view)
    let (left, right) = (dot(try ax.values(), y.values), dot(x.values, try aty.values()))
    let scale = dot(try ax.values().map(abs), y.values.map(abs))
    #expect(abs(left - right) <= device.elementType.sumTolerance * scale)
  }

  /// The rows of a graph Laplacian sum to 0, so a constant is mapped to 0.
  @Test(arguments: Devices.underTest)
  func theLaplacianOfAConstantIsZero(device: TestDevice) throws {
    let n = 129
    var entries: [(row: Int, column: Int, value: Double)] = []
    for i in 0..<n {
      for j in [(i + 1) % n, (i + 7) % n] {
        entries += [(i, i, 1), (j, j, 1), (i, j, -1), (j, i, -1)]
      }
    }
    let laplacian = CompressedRows(rows: n, columns: n, entries: entries)
    let y = device.output([n, 3])
    device.device.spmm(
      SparseMatrix(laplacian, device.elementType, on: device.device),
      device.input(HostTensor([n, 3], repeating: 0.7)), into: y.view)
    expectNone(
      mismatch(
        try y.values(), [Double](repeating: 0, count: 3 * n), relative: 0, absolute: 8 * device.elementType.epsilon))
  }

  @Test(arguments: Devices.underTest)
  func emptyRowsGiveZeroAndBetaZ(device: TestDevice) throws {
    let none = CompressedRows(rows: 4, columns: 3, entries: [])
    let matrix = SparseMatrix(none, device.elementType, on: device.device)
    let x = device.input(HostTensor([3, 2], repeating: .infinity))
    let y = device.output([4, 2])
    device.device.spmm(matrix, x, into: y.view)
    #expect(try y.values() == [Double](repeating: 0, count: 8))
    let z = HostTensor([4, 2], (0..<8).map(Double.init))
    device.device.spmm(matrix, x, into: y.view, alpha: 3, beta: -2, adding: device.input(z))
    #expect(try y.values() == z.values.map { -2 * $0 })
  }

  /// A permutation of the batch permutes the result.
  @Test(arguments: Devices.underTest)
  func batchesAreIndependent(device: TestDevice) throws {
    var random = RandomSource(seed: 55)
    let matrix = SparseMatrix(random.sparse(17, 17), device.elementType, on: device.device)
    let x = random.tensor([2, 17, 8])
    let exchanged = HostTensor(x.shape, Array(x.values[136...] + x.values[..<136]))
    var results: [[Double]] = []
    for x in [x, exchanged] {
      let y = device.output([2, 17, 8])
      device.device.spmm(matrix, device.input(x), into: y.view)
      results.append(try y.values())
    }
    #expect(results[1] == Array(results[0][136...] + results[0][..<136]))
  }

  @Test(arguments: Devices.underTest)
  func aBatchMayBeShared(device: TestDevice) throws {
    var random = RandomSource(seed: 56)
    let a = random.sparse(6, 11)
    let x = random.tensor([1, 11, 5])
    let y = device.output([3, 6, 5])
    device.device.spmm(
      SparseMatrix(a, device.elementType, on: device.device), device.input(x).broadcast(to: [3, 11, 5]), into: y.view)
    let expected = Oracle.spmm(a, x).values
    expectNone(
      mismatch(try y.values(), expected + expected + expected, relative: 0, absolute: 8 * device.elementType.epsilon))
  }
}

struct CompressedRowsTests {
  @Test func collectsEntriesInAnyOrder() {
    let a = CompressedRows(
      rows: 3, columns: 4, entries: [(2, 3, 1), (0, 1, 2), (2, 0, 3), (0, 1, 4), (2, 3, -1)])
    #expect(a.rowStart == [0, 1, 1, 3])
    #expect(a.column == [1, 0, 3])
    #expect(a.value == [6, 3, 0])
    #expect(a.row(2).map(\.column) == [0, 3])
  }

  @Test func transposingTwiceGivesTheSame() {
    var random = RandomSource(seed: 57)
    let a = random.sparse(23, 17)
    #expect(a.transposed().transposed() == a)
    #expect(a.transposed().rows == 17)
    for (row, column, value) in [(0, 1), (5, 16), (22, 3)].map({ ($0, $1, element(a, $0, $1)) }) {
      #expect(element(a.transposed(), column, row) == value)
    }
  }

  private func element(_ a: CompressedRows, _ row: Int, _ column: Int) -> Double {
    a.row(row).first { $0.column == column }?.value ?? 0
  }
}
