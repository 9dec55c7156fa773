import Layers
import TestSupport
import Testing

@Suite struct RuleTests {
  @Test(arguments: Devices.inDouble)
  func fusedBroadcasts(_ test: TestDevice) throws {
    var random = RandomSource(seed: 1)
    try checkGradients(test, [random.tensor([3, 5]), random.tensor([5]), random.tensor([3, 1])]) { x in
      fused("chain", x[0], x[1], x[2]) { x, g, b in tanh(x * (2 + g)) + exp(b) * x }
    }
  }

  @Test(arguments: Devices.inDouble)
  func fusedUsesAnInputTwice(_ test: TestDevice) throws {
    var random = RandomSource(seed: 2)
    try checkGradients(test, [random.tensor([4, 3])]) { x in fused("twice", x[0], x[0]) { a, b in a * b * b } }
  }

  @Test(arguments: Devices.inDouble)
  func fusedSums(_ test: TestDevice) throws {
    var random = RandomSource(seed: 3)
    try checkGradients(test, [random.tensor([2, 7]), random.tensor([7])]) { x in
      let sums = fusedSum("sums", [x[0], x[1]], scalars: [0.5]) { x, s in [s[0] * x[0] * x[1], exp(x[0])] }
      return fused("mix", sums[0], sums[1]) { $0 * $1 }
    }
  }

  @Test(arguments: Devices.inDouble)
  func products(_ test: TestDevice) throws {
    var random = RandomSource(seed: 4)
    try checkGradients(test, [random.tensor([2, 3, 4]), random.tensor([2, 4, 5])]) { matmul($0[0], $0[1]) }
    try checkGradients(test, [random.tensor([6, 4]), random.tensor([3, 4]), random.tensor([3])]) {
      linear($0[0], weight: $0[1], bias: $0[2])
    }
  }

  @Test(arguments: Devices.inDouble)
  func sparseAndIndexed(_ test: TestDevice) throws {
    var random = RandomSource(seed: 5)
    let matrix = SparseMatrix(random.sparse(5, 7), .float64, on: test.device)
    try checkGradients(test, [random.tensor([2, 7, 3])]) { spmm(matrix, $0[0]) }
    let rows = RowIndex([3, 0, 3, 1, 3], sourceRows: 4, on: test.device)
    try checkGradients(test, [random.tensor([2, 4, 3])]) { gather($0[0], rows) }
    let own = RowIndex([3, 0, 3, 1, 2, 2], lists: 2, sourceRows: 4, on: test.device)
    try checkGradients(test, [random.tensor([2, 4, 3])]) { gather($0[0], own) }
  }

  @Test(arguments: Devices.inDouble)
  func shapes(_ test: TestDevice) throws {
    var random = RandomSource(seed: 6)
    try checkGradients(test, [random.tensor([2, 3]), random.tensor([2, 2])]) { x in
      concatenate([x[0], x[1], x[0]]).reshaped([7 + 1, 2])
    }
  }

  /// A tensor with several uses gathers all their gradients, in every order of kinds (adopted, written, added).
  @Test(arguments: Devices.inDouble)
  func fanOut(_ test: TestDevice) throws {
    var random = RandomSource(seed: 7)
    try checkGradients(test, [random.tensor([3, 3])]) { x in
      let a = x[0].reshaped([9]).reshaped([3, 3])
      let b = matmul(a, a)
      let c = fused("mix", a, b) { $0 + $1 * $1 }
      return fused("sum", c, x[0], a) { $0 * $1 + $2 }
    }
  }

  @Test(arguments: Devices.inDouble)
  func dropoutWithAGivenMask(_ test: TestDevice) throws {
    var random = RandomSource(seed: 8)
    let empty = store(test, [], [:])
    let mask = Tensor([1, 0, 1, 1, 0, 1], [2, 3], .float64, on: test.device)
    try checkGradients(test, [random.tensor([2, 3])]) { x in
      Dropout(rate: 0.5)(x[0], ForwardPass(empty, isTraining: true), mask: mask)
    }
    let kept = Dropout(rate: 0.5)(
      Tensor([1, 1, 1, 1, 1, 1], [2, 3], .float64, on: test.device), ForwardPass(empty, isTraining: true), mask: mask)
    #expect(try kept.doubles() == [2, 0, 2, 2, 0, 2])
  }

  /// Five inputs of the domain's shape and two of each repeated one: more than one kernel per group.
  @Test(arguments: Devices.inDouble)
  func fusedGradientsShareKernels(_ test: TestDevice) throws {
    var random = RandomSource(seed: 9)
    let full = (0..<5).map { _ in random.tensor([2, 3, 4]) }
    let columns = (0..<2).map { _ in random.tensor([2, 1, 4]) }
    try checkGradients(test, full + columns + [random.tensor([1]), random.tensor([4])]) { x in
      fused("many", x) { x, _ in
        tanh(x[0] * x[5] + x[1]) * x[2] + x[3] * x[4] * x[6] + x[7] * x[0] * x[8]
      }
    }
  }

  /// An input with other uses, before and after, gathers all of them although its gradient comes from a shared kernel.
  @Test(arguments: Devices.inDouble)
  func sharedKernelsAddToWhatIsThere(_ test: TestDevice) throws {
    var random = RandomSource(seed: 10)
    try checkGradients(test, [random.tensor([3, 2]), random.tensor([3, 2])]) { x in
      let product = fused("product", x[0], x[1]) { $0 * $1 }
      return fused("sum", x[0], product, x[1]) { $0 * $0 + $1 * $2 }
    }
  }

  @Test(arguments: Devices.inDouble, [0, 1, 2])
  func fusedSumsAlongAnAxis(_ test: TestDevice, axis: Int) throws {
    var random = RandomSource(seed: 11)
    try checkGradients(test, [random.tensor([2, 3, 4]), random.tensor([4])]) { x in
      fusedSum("axis", [x[0], x[1]], scalars: [0.5], alongAxis: axis) { x, s in s[0] * x[0] * x[0] * x[1] }
    }
  }

  @Test(arguments: Devices.inDouble)
  func slices(_ test: TestDevice) throws {
    var random = RandomSource(seed: 12)
    try checkGradients(test, [random.tensor([2, 3, 5])]) { x in
      let (head, tail) = (x[0].sliced(axis: 2, 0..<3), x[0].sliced(axis: 2, 2..<5))
      return fused("overlap", head, tail, x[0].sliced(axis: 1, 1..<2).sliced(axis: 2, 1..<4)) { $0 * $1 + $2 }
    }
  }

  @Test(arguments: Devices.inDouble)
  func severalProductsAddUp(_ test: TestDevice) throws {
    var random = RandomSource(seed: 13)
    let inputs = [[6, 4], [3, 4], [6, 5], [3, 5], [3]].map { random.tensor($0) }
    try checkGradients(test, inputs) { linear([($0[0], $0[1]), ($0[2], $0[3])], bias: $0[4]) }
  }

  @Test(arguments: Devices.inDouble, [1, 2, 5])
  func unfolded(_ test: TestDevice, rows: Int) throws {
    var random = RandomSource(seed: 14)
    let x = random.tensor([2, rows, 2])
    for taps in [1, 3, 5] {
      try checkGradients(test, [x]) { unfold($0[0], taps: taps) }
      let y = unfold(Tensor(x.values, x.shape, .float64, on: test.device), taps: taps)
      var expected: [Double] = []
      for b in 0..<2 {
        for n in 0..<rows {
          for c in 0..<2 {
            for t in 0..<taps {
              let from = n + t - taps / 2
              expected.append((0..<rows).contains(from) ? x.values[(b * rows + from) * 2 + c] : 0)
            }
          }
        }
      }
      #expect(y.shape == [2, rows, 2 * taps])
      #expect(try y.doubles() == expected)
    }
  }

  @Test(arguments: Devices.inDouble)
  func momentsPerSample(_ test: TestDevice) throws {
    var random = RandomSource(seed: 15)
    let x = random.tensor([2, 5, 3])
    try checkGradients(test, [x]) { x in
      let (mean, variance) = channelMoments(x[0])
      return fused("both", x[0], mean, variance) { ($0 - $1) / sqrt($2 + 0.1) + $1 * $2 }
    }
    let (mean, variance) = channelMoments(Tensor(x.values, x.shape, .float64, on: test.device))
    for (b, c) in [(0, 0), (0, 2), (1, 1)] {
      let column = (0..<5).map { x.values[(b * 5 + $0) * 3 + c] }
      let average = column.reduce(0, +) / 5
      let spread = column.reduce(0) { $0 + ($1 - average) * ($1 - average) } / 5
      #expect(abs(try mean.doubles()[b * 3 + c] - average) < 1e-14)
      #expect(abs(try variance.doubles()[b * 3 + c] - spread) < 1e-14)
    }
  }

  @Test(arguments: Devices.inDouble)
  func tripletDistances(_ test: TestDevice) throws {
    var random = RandomSource(seed: 16)
    let inputs = (0..<3).map { _ in random.tensor([2, 4, 3]) }
    for splits in [[], [1]] {
      try checkGradients(test, inputs) {
        tripletDistance(anchor: $0[0], positive: $0[1], negative: $0[2], splitAt: splits)
      }
    }
  }

  /// Gradients add to what later operations have left, and a tensor may stand in two places.
  @Test(arguments: Devices.inDouble)
  func tripletsShareTheirOperands(_ test: TestDevice) throws {
    var random = RandomSource(seed: 17)
    let next = RowIndex([1, 2, 3, 0], sourceRows: 4, on: test.device)
    try checkGradients(test, (0..<2).map { _ in random.tensor([2, 4, 3]) }) { x in
      let near = tripletDistance(anchor: x[0], positive: x[1], negative: gather(x[1], next))
      let swapped = tripletDistance(anchor: x[0], positive: x[0].sliced(axis: 1, 0..<4), negative: x[1])
      let far = tripletDistance(anchor: x[1], positive: gather(x[0], next), negative: x[0])
      return fused("sum", [near, swapped, far, x[0]]) { x, _ in x[0] * x[1] + x[2] * x[3] }
    }
    try checkGradients(test, (0..<2).map { _ in random.tensor([1, 3, 2]) }) { x in
      fused("square", tripletDistance(anchor: x[0], positive: x[1], negative: x[1])) { $0 * $0 + $0 }
    }
  }

  /// Where a distance is 0 its gradient is 0, not NaN.
  @Test(arguments: Devices.underTest)
  func aTripletOfEqualPointsHasNoGradient(_ test: TestDevice) throws {
    let tape = Tape()
    let slot = GradientSlot()
    let a = tape.variable(Tensor([1, 2, 3], [1, 1, 3], test.elementType, on: test.device), gradient: slot)
    let same = Tensor([1, 2, 3], [1, 1, 3], test.elementType, on: test.device)
    let d = tripletDistance(anchor: a, positive: same, negative: same)
    tape.backward(from: [d])
    #expect(try d.doubles() == [0])
    #expect(try test.device.downloadDoubles(#require(slot.gradient)) == [0, 0, 0])
  }
}
