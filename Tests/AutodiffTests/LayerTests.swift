import Optimizers
import TestSupport
import Testing

@testable import Layers

@Suite struct BatchNormTests {
  @Test(arguments: Devices.inDouble, [BatchNorm.ReLUPlace.none, .beforeSum, .afterSum])
  func gradients(_ test: TestDevice, relu: BatchNorm.ReLUPlace) throws {
    var random = RandomSource(seed: 11)
    let multiplicity = RowMultiplicity([1, 3, 2, 1], .float64, on: test.device)
    try checkGradients(
      test, [random.tensor([2, 4, 3]), random.tensor([3]), random.tensor([3]), random.tensor([2, 4, 3])],
      tolerance: 1e-6
    ) { x in
      batchNorm(
        x[0], gain: x[1], bias: x[2], multiplicity: multiplicity, residual: x[3], epsilon: 1e-5, relu: relu
      ).output
    }
    try checkGradients(test, [random.tensor([1, 6, 3]), random.tensor([3]), random.tensor([3])], tolerance: 1e-6) { x in
      batchNorm(
        x[0], gain: x[1], bias: x[2], multiplicity: nil, residual: nil, epsilon: 1e-5, relu: relu
      ).output
    }
  }

  /// A row that stands for three equal rows gives what three equal rows give; its gradient is the sum of theirs.
  @Test(arguments: Devices.inDouble)
  func multiplicityStandsForEqualRows(_ test: TestDevice) throws {
    var random = RandomSource(seed: 12)
    let rows = random.tensor([2, 3, 2])
    let copies = [0, 1, 1, 1, 2, 2]
    let expand = RowIndex(copies.map(Int32.init), sourceRows: 3, on: test.device)
    let weights = random.tensor([2, 6, 2])
    func run(compact: Bool) throws -> [[Double]] {
      let tape = Tape()
      let slots = (0..<3).map { _ in GradientSlot() }
      let x = tape.variable(Tensor(rows.values, rows.shape, .float64, on: test.device), gradient: slots[0])
      let gain = tape.variable(Tensor([0.7, 1.3], [2], .float64, on: test.device), gradient: slots[1])
      let bias = tape.variable(Tensor([0.1, -0.2], [2], .float64, on: test.device), gradient: slots[2])
      let multiplicity = compact ? RowMultiplicity([1, 3, 2], .float64, on: test.device) : nil
      let normal = batchNorm(
        compact ? x : gather(x, expand), gain: gain, bias: bias, multiplicity: multiplicity, residual: nil,
        epsilon: 1e-5, relu: .beforeSum)
      let y = compact ? gather(normal.output, expand) : normal.output
      tape.backward(
        from: fusedSum("loss", [y, Tensor(weights.values, weights.shape, .float64, on: test.device)]) { x, _ in
          [x[0] * x[1]]
        })
      return try [y.doubles(), test.device.downloadDoubles(normal.variance)]
        + slots.map { try test.device.downloadDoubles(#require($0.gradient)) }
    }
    for (compact, full) in zip(try run(compact: true), try run(compact: false)) {
      #expect(mismatch(compact, full, relative: 1e-11, absolute: 1e-12) == nil)
    }
  }

  @Test(arguments: Devices.underTest)
  func runningStatisticsMoveAsInPyTorch(_ test: TestDevice) throws {
    let norm = BatchNorm("bn", 1, relu: .none)
    let parameters = ParameterStore(norm.declarations, counters: [norm.counter], test.elementType, on: test.device)
    parameters.initialize(norm.initialization, seed: 0)
    let x = Tensor([1, 2, 3, 6], [4, 1], test.elementType, on: test.device)
    _ = norm(x, ForwardPass(parameters, isTraining: true))
    // mean 3, unbiased variance 14 / 3
    let mean = try test.device.downloadDoubles(parameters.view("bn.running_mean"))
    let variance = try test.device.downloadDoubles(parameters.view("bn.running_var"))
    #expect(mismatch(mean, [0.3], relative: 4 * test.elementType.epsilon) == nil)
    #expect(mismatch(variance, [0.9 + 0.1 * 14 / 3], relative: 4 * test.elementType.epsilon) == nil)
    #expect(parameters.counters[norm.counter] == 1)
    let frozen = try norm(x, ForwardPass(parameters, isTraining: false)).doubles()
    let expected = [1.0, 2, 3, 6].map { ($0 - 0.3) / (0.9 + 0.1 * 14 / 3 + 1e-5).squareRoot() }
    #expect(mismatch(frozen, expected, relative: 16 * test.elementType.epsilon) == nil)
  }
}

@Suite struct ChebyshevTests {
  /// A path graph fed from a coarser one: node p takes its input from coarse node p / 2.
  private func operators(_ test: TestDevice, coarse: Int, isUpsampling: Bool) -> (ChebyshevOperators, CompressedRows) {
    let fine = isUpsampling ? 2 * coarse : coarse
    var entries: [(row: Int, column: Int, value: Double)] = (0..<fine).map { ($0, $0, -0.7 + 0.01 * Double($0)) }
    for p in 0..<fine - 1 {
      entries.append((p, p + 1, -0.2))
      entries.append((p + 1, p, -0.2))
    }
    let laplacian = CompressedRows(rows: fine, columns: fine, entries: entries)
    let parent = (0..<fine).map { isUpsampling ? $0 / 2 : $0 }
    var inner: [(row: Int, column: Int, value: Double)] = []
    for p in 0..<fine {
      inner.append((p, 3 * parent[p] + 1, 1))
      for (q, value) in laplacian.row(p) { inner.append((p, 3 * parent[q] + 2, value)) }
    }
    let outer = (0..<fine).map { (row: $0, column: 3 * parent[$0], value: 1.0) }
    let type = test.elementType
    return (
      ChebyshevOperators(
        inner: SparseMatrix(CompressedRows(rows: fine, columns: 3 * coarse, entries: inner), type, on: test.device),
        outer: SparseMatrix(CompressedRows(rows: fine, columns: 3 * coarse, entries: outer), type, on: test.device),
        laplacian: SparseMatrix(laplacian, type, on: test.device)), laplacian
    )
  }

  @Test(arguments: Devices.inDouble, [false, true])
  func gradients(_ test: TestDevice, isUpsampling: Bool) throws {
    var random = RandomSource(seed: 13)
    let (operators, _) = operators(test, coarse: 4, isUpsampling: isUpsampling)
    for (inputs, outputs) in [(2, 3), (3, 2)] {
      try checkGradients(
        test, [random.tensor([2, 4, inputs]), random.tensor([outputs, 3 * inputs]), random.tensor([outputs])]
      ) { chebyshev($0[0], operators, weight: $0[1], bias: $0[2]) }
    }
  }

  /// The twin: y = T0 W0 + T1 W1 + T2 W2 + b with the Chebyshev polynomials of the upsampled features themselves.
  @Test(arguments: Devices.underTest, [false, true])
  func agreesWithThePlainForm(_ test: TestDevice, isUpsampling: Bool) throws {
    var random = RandomSource(seed: 14)
    let (operators, laplacian) = operators(test, coarse: 5, isUpsampling: isUpsampling)
    let (features, outputs, batch) = (3, 2, 2)
    let x = random.tensor([batch, 5, features])
    let weight = random.tensor([outputs, 3 * features])
    let bias = random.tensor([outputs])
    let actual = try chebyshev(
      Tensor(x.values, x.shape, test.elementType, on: test.device), operators,
      weight: Tensor(weight.values, weight.shape, test.elementType, on: test.device),
      bias: Tensor(bias.values, bias.shape, test.elementType, on: test.device)
    ).doubles()
    let rows = laplacian.rows
    var expected: [Double] = []
    for b in 0..<batch {
      let t0 = (0..<rows).map { p in
        (0..<features).map { x.values[(b * 5 + (isUpsampling ? p / 2 : p)) * features + $0] }
      }
      func apply(_ t: [[Double]]) -> [[Double]] {
        (0..<rows).map { p in
          (0..<features).map { f in laplacian.row(p).reduce(0) { $0 + $1.value * t[$1.column][f] } }
        }
      }
      let t1 = apply(t0)
      let t2 = zip(apply(t1), t0).map { zip($0, $1).map { 2 * $0 - $1 } }
      for p in 0..<rows {
        for o in 0..<outputs {
          var y = bias.values[o]
          for f in 0..<features {
            for (k, t) in [t0, t1, t2].enumerated() {
              y += weight.values[o * 3 * features + 3 * f + k] * t[p][f]
            }
          }
          expected.append(y)
        }
      }
    }
    // A dozen terms of size 1.
    #expect(mismatch(actual, expected, relative: 0, absolute: 32 * test.elementType.epsilon) == nil)
  }
}

@Suite struct ForwardPassTests {
  /// Made once for all uses, whose gradients gather; what is made while the tape rests is not kept.
  @Test(arguments: Devices.inDouble)
  func sharedTensorsAreMadeOnce(_ test: TestDevice) throws {
    let parameters = AutodiffTests.store(test, [.init("a", [2])], ["a": [1, 2]])
    let tape = Tape()
    let pass = ForwardPass(parameters, isTraining: true, tape: tape)
    var count = 0
    func square() -> Tensor {
      pass.shared("square") {
        count += 1
        return [fused("square", pass.parameter("a")) { $0 * $0 }]
      }[0]
    }
    _ = tape.pausing(square)
    let sum = fused("sum", square(), tape.pausing(square)) { 3 * $0 + $1 }
    let loss = fusedSum("loss", [sum, square()]) { x, _ in [x[0] + x[1]] }
    #expect(count == 2)
    tape.backward(from: loss)
    // d/da of 3 a^2 + a^2 + a^2.
    #expect(try test.device.downloadDoubles(#require(parameters.slot("a").gradient)) == [10, 20])
  }

  /// A replay runs after the pullbacks of shared tensors that were recorded later than its checkpoint.
  @Test(arguments: Devices.inDouble)
  func aCheckpointMayComeFirst(_ test: TestDevice) throws {
    let parameters = AutodiffTests.store(test, [.init("a", [2])], ["a": [1, 2]])
    let tape = Tape()
    let pass = ForwardPass(parameters, isTraining: true, tape: tape)
    func square() -> Tensor { pass.shared("square") { [fused("square", pass.parameter("a")) { $0 * $0 }] }[0] }
    let x = Tensor([3, 5], [2], .float64, on: test.device)
    let first = checkpoint([x], on: tape) { fused("product", $0[0], square()) { $0 * $1 } }
    tape.backward(from: fusedSum("loss", [first, square()]) { x, _ in [x[0] + x[1]] })
    // d/da of x a^2 + a^2.
    #expect(try test.device.downloadDoubles(#require(parameters.slot("a").gradient)) == [8, 24])
  }
}

@Suite struct RMSpropTests {
  @Test(arguments: Devices.underTest)
  func skipsParametersWithoutGradient(_ test: TestDevice) throws {
    let parameters = store(
      test, [.init("a", [2]), .init("b", [3]), .init("c", [2])], ["a": [1, 2], "b": [3, 4, 5], "c": [6, 7]])
    let optimizer = RMSprop(parameters)
    let tape = Tape()
    let pass = ForwardPass(parameters, isTraining: true, tape: tape)
    tape.backward(from: fusedSum("a", [pass.parameter("a")]) { x, _ in [x[0] * x[0]] })
    #expect(parameters.rangesWithGradient == [0..<2])
    optimizer.step(learningRate: 0.5)
    // v = 0.01 g^2 after the first step, so each element moves by 0.5 g / (0.1 |g| + 1e-8) = 5.
    for (name, values) in [("a", [-4.0, -3]), ("b", [3, 4, 5]), ("c", [6, 7])] {
      #expect(mismatch(try test.device.downloadDoubles(parameters.view(name)), values, relative: 1e-6) == nil)
    }
    #expect(try test.device.downloadDoubles(optimizer.meanSquares).dropFirst(2).allSatisfy { $0 == 0 })
    parameters.clearGradients()
    #expect(parameters.rangesWithGradient.isEmpty)
  }

  @Test(arguments: Devices.underTest)
  func aSecondPassAddsToTheGradient(_ test: TestDevice) throws {
    let parameters = store(test, [.init("a", [2])], ["a": [1, 2]])
    for _ in 0..<2 {
      let tape = Tape()
      let pass = ForwardPass(parameters, isTraining: true, tape: tape)
      tape.backward(from: fusedSum("a", [pass.parameter("a")]) { x, _ in [x[0] * x[0]] })
    }
    #expect(try test.device.downloadDoubles(parameters.slot("a").gradient!) == [4, 8])
  }
}

@Suite struct InitializationTests {
  @Test func normalNumbersAndDirections() throws {
    let test = Devices.inDouble[0]
    let parameters = AutodiffTests.store(
      test, [ParameterDeclaration("a", [4001]), ParameterDeclaration("b", [37], .state)], [:])
    parameters.initialize([("a", .normal(deviation: 2)), ("b", .unitVector)], seed: 5)
    let a = try test.device.downloadDoubles(parameters.view("a"))
    let mean = a.reduce(0, +) / 4001
    let deviation = (a.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4001).squareRoot()
    // Four standard errors.
    #expect(abs(mean) < 4 * 2 / 4001.0.squareRoot())
    #expect(abs(deviation - 2) < 4 * 2 / (2 * 4001.0).squareRoot())
    #expect(Set(a).count > 3990)
    let b = try test.device.downloadDoubles(parameters.view("b"))
    #expect(abs(b.reduce(0) { $0 + $1 * $1 } - 1) < 1e-6)
  }

  @Test(arguments: Devices.each)
  func dependsOnTheSeedAlone(_ test: TestDevice) throws {
    let layer = Linear("w", 16, 64)
    func values(_ seed: UInt64) throws -> [Double] {
      let parameters = ParameterStore(layer.declarations, counters: [], .float32, on: test.device)
      parameters.initialize(layer.initialization, seed: seed)
      return try test.device.downloadDoubles(parameters.values)  // 1024 and 64 values: no gaps
    }
    let first = try values(3)
    #expect(try values(3) == first)
    #expect(try values(4) != first)
    #expect(first.allSatisfy { abs($0) <= 0.25 })
    // 1088 values uniform on (-0.25, 0.25): the mean's standard deviation is 0.25 / sqrt(3 * 1088) = 0.0044.
    #expect(abs(first.reduce(0, +) / Double(first.count)) < 0.018)
    #expect(first.max()! > 0.24 && first.min()! < -0.24)
  }
}
