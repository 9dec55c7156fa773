import Compute

/// One family of operations, run once on a device and held against a plain loop in Double on the host.
struct FamilyCheck {
  let name: String
  /// The largest error, relative to the largest value of the answer.
  let error: Double
  let tolerance: Double

  var holds: Bool { error <= tolerance }

  /// Runs every family. Throws the device's fault when a launch fails.
  static func all(on device: any Device, _ elementType: ElementType) throws -> [FamilyCheck] {
    let checks = FamilyChecks(device: device, elementType: elementType)
    return [
      try checks.memory(), try checks.elementwise(), try checks.reduction(), try checks.matrix(), try checks.sparse(),
      try checks.index(), try checks.random(), try checks.optimizer(),
    ]
  }
}

private struct FamilyChecks {
  let device: any Device
  let elementType: ElementType

  /// Numbers between -1 and 1 without pattern, rounded to the element type.
  private func values(_ count: Int, seed: UInt64) -> [Double] {
    (0..<count).map { index in
      let word = RandomKey(seed: seed, offset: 0).words(block: UInt64(index / 4))[index % 4]
      return Double(Float(Double(Int32(bitPattern: word)) * 0x1p-31))
    }
  }

  private func upload(_ values: [Double], _ shape: [Int]) -> TensorView {
    let view = device.allocate(elementType, shape)
    device.upload(values, to: view)
    return view
  }

  private func empty(_ shape: [Int]) -> TensorView { device.allocate(elementType, shape) }

  /// - Parameter length: how many terms each value sums; the tolerance grows with its root.
  private func compare(_ name: String, _ view: TensorView, _ expected: [Double], length: Int) throws -> FamilyCheck {
    let got = try device.downloadDoubles(view)
    let scale = expected.map(abs).max() ?? 0
    // A NaN anywhere must not pass, so the comparison is made to fail by it.
    let error = zip(got, expected).reduce(0.0) { worst, pair in
      let difference = abs(pair.0 - pair.1)
      return difference.isNaN ? .infinity : max(worst, difference)
    }
    return FamilyCheck(
      name: name, error: scale > 0 ? error / scale : error,
      tolerance: 8 * elementType.epsilon * Double(length).squareRoot())
  }

  // MARK: - Families

  func memory() throws -> FamilyCheck {
    let x = values(35, seed: 1)
    let filled = empty([7, 5])
    device.fill(filled, with: 2)
    device.copy(upload(x, [5, 7]).transposed, to: filled)
    let expected = (0..<7).flatMap { i in (0..<5).map { j in x[j * 7 + i] } }
    return try compare("memory", filled, expected, length: 1)
  }

  func elementwise() throws -> FamilyCheck {
    let program = ElementwiseProgram("doctor", inputs: 2) { x, _ in [tanh(x[0]) * exp(x[1]) + max(x[0], x[1])] }
    let (x, y) = (values(1000, seed: 2), values(1000, seed: 3))
    let result = empty([1000])
    device.map(program, [upload(x, [1000]), upload(y, [1000])], into: [result])
    let expected = zip(x, y).map { hyperbolicTangent($0) * exponential($1) + max($0, $1) }
    return try compare("elementwise", result, expected, length: 4)
  }

  func reduction() throws -> FamilyCheck {
    let (rows, columns) = (301, 7)
    let x = values(rows * columns, seed: 4)
    let result = empty([1, columns])
    device.reduce(
      .sum, .identity, [upload(x, [rows, columns])], scalars: [], domain: [rows, columns], into: [result])
    let expected = (0..<columns).map { c in (0..<rows).reduce(0.0) { $0 + x[$1 * columns + c] } }
    return try compare("reduction", result, expected, length: rows)
  }

  func matrix() throws -> FamilyCheck {
    let (m, n, k) = (65, 33, 129)
    let (a, b) = (values(m * k, seed: 5), values(k * n, seed: 6))
    let result = empty([m, n])
    device.gemm(upload(a, [m, k]), upload(b, [k, n]), into: result)
    let expected = (0..<m).flatMap { i in
      (0..<n).map { j in (0..<k).reduce(0.0) { $0 + a[i * k + $1] * b[$1 * n + j] } }
    }
    return try compare("matrix", result, expected, length: k)
  }

  func sparse() throws -> FamilyCheck {
    let (rows, columns, width) = (50, 40, 9)
    let weights = values(3 * rows, seed: 7)
    let entries = (0..<3 * rows).map { (row: $0 / 3, column: ($0 / 3 * 7 + $0 % 3 * 11) % columns, value: weights[$0]) }
    let x = values(columns * width, seed: 8)
    let result = empty([rows, width])
    let matrix = SparseMatrix(
      CompressedRows(rows: rows, columns: columns, entries: entries), elementType, on: device)
    device.spmm(matrix, upload(x, [columns, width]), into: result)
    var expected = [Double](repeating: 0, count: rows * width)
    for entry in entries {
      for c in 0..<width { expected[entry.row * width + c] += entry.value * x[entry.column * width + c] }
    }
    return try compare("sparse", result, expected, length: 3)
  }

  func index() throws -> FamilyCheck {
    let (rows, width) = (11, 5)
    let picks = (0..<40).map { Int32($0 * 7 % rows) }
    let x = values(picks.count * width, seed: 9)
    let result = empty([1, rows, width])
    device.scatterAdd(
      upload(x, [1, picks.count, width]), RowIndex(picks, sourceRows: rows, on: device), into: result, beta: 0)
    var expected = [Double](repeating: 0, count: rows * width)
    for (k, row) in picks.enumerated() {
      for c in 0..<width { expected[Int(row) * width + c] += x[k * width + c] }
    }
    return try compare("index", result, expected, length: 4)
  }

  func random() throws -> FamilyCheck {
    let key = RandomKey(seed: 10, offset: 3)
    let result = empty([333])
    device.randomMask(key, keepProbability: 0.5, scale: 2, into: result)
    let expected = (0..<333).map { index -> Double in
      UInt64(key.words(block: UInt64(index / 4))[index % 4]) < maskThreshold(0.5) ? 2 : 0
    }
    return try compare("random", result, expected, length: 1)
  }

  func optimizer() throws -> FamilyCheck {
    let (p, g) = (values(257, seed: 11), values(257, seed: 12))
    let v = values(257, seed: 13).map { $0 * $0 }
    let parameter = upload(p, [257])
    device.rmsprop(
      parameter: parameter, gradient: upload(g, [257]), meanSquare: upload(v, [257]), learningRate: 1e-3, decay: 0.99,
      epsilon: 1e-8)
    let expected = p.indices.map { i in
      p[i] - 1e-3 * g[i] / ((0.99 * v[i] + 0.01 * g[i] * g[i]).squareRoot() + 1e-8)
    }
    return try compare("optimizer", parameter, expected, length: 4)
  }
}
