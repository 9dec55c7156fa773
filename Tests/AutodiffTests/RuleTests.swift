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
}
