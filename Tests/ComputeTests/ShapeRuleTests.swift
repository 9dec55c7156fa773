import Compute
import TestSupport
import Testing

/// What the caller did wrong is said in numbers: the shapes at hand, and what would fit.
struct ShapeRuleTests {
  @Test func mapWantsOneViewPerInputAndOutput() {
    let program = ElementwiseProgram("blend", inputs: 2, scalars: 1) { x, s in [x[0] * s[0] + x[1]] }
    let x = view([3])
    expect("blend: got 1 inputs, 0 scalars, 1 outputs") { try mapRule(program, [x], scalars: [], into: [x]) }
    expect("blend: input 1 has shape [2], the output [3]") {
      try mapRule(program, [x, view([2])], scalars: [1], into: [x])
    }
    expect("blend: input 0 has shape [3, 3], the output [3]") {
      try mapRule(program, [view([3, 3]), x], scalars: [1], into: [x])
    }
    expect("blend: input 1 is float64, the outputs are float32") {
      try mapRule(program, [x, view([3], .float64)], scalars: [1], into: [x])
    }
    expect("blend: input 0 is bfloat16") { try mapRule(program, [view([3], .bfloat16), x], scalars: [1], into: [x]) }
    expect("blend: outputs are") { try mapRule(program, [x, x], scalars: [1], into: [view([3], .int32)]) }
    accept { try mapRule(program, [view([1]), view([], .int64)], scalars: [1], into: [x]) }
  }

  @Test func mapOutputsShareAShapeAndHoldEachElementOnce() {
    let program = ElementwiseProgram("pair", inputs: 1) { x, _ in [x[0], x[0]] }
    expect("pair: outputs have shapes [3] and [4]") {
      try mapRule(program, [view([1])], scalars: [], into: [view([3]), view([4])])
    }
    expect("identity: an output of shape [2, 3] has strides [0, 1]") {
      try mapRule(.identity, [view([3])], scalars: [], into: [view([3]).broadcast(to: [2, 3])])
    }
  }

  @Test func reduceKeepsAnAxisOrMakesItOne() {
    let x = view([4, 5])
    for shape in [[4], [4, 2], [5, 1], [1, 4]] {
      expect("identity: an output of shape \(shape) cannot hold a reduction of [4, 5]") {
        try reduceRule(.identity, [x], scalars: [], domain: [4, 5], into: [view(shape)])
      }
    }
    expect("identity: input 0 has shape [4, 5], the domain is [1, 5]") {
      try reduceRule(.identity, [x], scalars: [], domain: [1, 5], into: [view([1, 5])])
    }
    for shape in [[4, 1], [1, 5], [1, 1], [4, 5]] {
      accept { try reduceRule(.identity, [x], scalars: [], domain: [4, 5], into: [view(shape)]) }
    }
  }

  @Test func momentsWantBatchRowsColumns() {
    let (x, c) = (view([2, 3, 4]), view([4]))
    accept { try momentsRule(x, weights: view([3]), mean: c, variance: c) }
    expect("moments: x has shape [3, 4]") { try momentsRule(view([3, 4]), weights: nil, mean: c, variance: c) }
    expect("moments: x has shape [2, 4, 3]") {
      try momentsRule(x.transposed, weights: nil, mean: view([3]), variance: view([3]))
    }
    expect("moments: a result of shape [3]") { try momentsRule(x, weights: nil, mean: view([3]), variance: c) }
    expect("moments: weights of shape [2]") { try momentsRule(x, weights: view([2]), mean: c, variance: c) }
  }

  @Test func gemmWantsMatchingMatrices() {
    expect("gemm: [2, 3] times [4, 5] into [2, 5]") {
      _ = try GemmPlan(view([2, 3]), view([4, 5]), into: view([2, 5]))
    }
    expect("gemm: a, b, c have shapes [1, 2, 3], [3, 5], [2, 5]") {
      _ = try GemmPlan(view([1, 2, 3]), view([3, 5]), into: view([2, 5]))
    }
    expect("gemm: [2, 2, 3] times [1, 3, 5] into [2, 2, 5]") {
      _ = try GemmPlan(view([2, 2, 3]), view([1, 3, 5]), into: view([2, 2, 5]))
    }
    expect("gemm: a, b, c are float32, float64, float32") {
      _ = try GemmPlan(view([2, 3]), view([3, 5], .float64), into: view([2, 5]))
    }
    expect("gemm: a has shape [2, 3] and strides [6, 2]") {
      _ = try GemmPlan(view([2, 6]).sliced(axis: 1, 0..<6, step: 2), view([3, 5]), into: view([2, 5]))
    }
    expect("gemm: c has strides [1, 5]") {
      _ = try GemmPlan(view([5, 3]), view([3, 2]), into: view([2, 5]).transposed)
    }
    expect("gemm: c has strides [0, 2, 1]") {
      _ = try GemmPlan(view([3, 2, 2]), view([3, 2, 2]), into: view([2, 2]).broadcast(to: [3, 2, 2]))
    }
    expect("gemm: a bias of shape [2] for a product of shape [2, 5]") {
      _ = try GemmPlan(
        view([2, 3]), view([3, 5]), into: view([2, 5]), epilogue: Epilogue(bias: .perColumn(view([2]))))
    }
  }

  @Test func gemmPlansReadStrides() throws {
    let plan = try GemmPlan(
      view([4, 2, 7]).sliced(axis: 2, 0..<3), view([5, 3]).transposed.broadcast(to: [4, 3, 5]), into: view([4, 2, 5]))
    #expect((plan.batch, plan.m, plan.n, plan.k) == (4, 2, 5, 3))
    #expect((plan.a.isTransposed, plan.a.leadingDimension, plan.a.batchStride) == (false, 7, 14))
    #expect((plan.b.isTransposed, plan.b.leadingDimension, plan.b.batchStride) == (true, 3, 0))
    #expect(plan.flop == 2 * 4 * 2 * 5 * 3)
  }

  @Test(arguments: Devices.each)
  func spmmWantsItsMeshLevel(device: TestDevice) {
    let a = SparseMatrix(
      CompressedRows(rows: 4, columns: 3, entries: [(0, 0, 1)]), .float32, on: device.device)
    let (x, y) = (view([3, 2]), view([4, 2]))
    accept { try spmmRule(a, x, into: y, beta: 0, adding: nil) }
    expect("spmm: x has 5 rows, the matrix has 3 columns") {
      try spmmRule(a, view([5, 2]), into: y, beta: 0, adding: nil)
    }
    expect("spmm: y has shape [3, 2] for a matrix of 4 rows") { try spmmRule(a, x, into: x, beta: 0, adding: nil) }
    expect("spmm: beta is 1.0 but there is no z") { try spmmRule(a, x, into: y, beta: 1, adding: nil) }
    expect("spmm: z has shape [4, 1]") { try spmmRule(a, x, into: y, beta: 1, adding: view([4, 1])) }
    expect("spmm: x has shape [2, 3, 2]") { try spmmRule(a, view([2, 3, 2]), into: y, beta: 0, adding: nil) }
    expect("spmm: the matrix holds float32, a dense operand float64") {
      try spmmRule(a, view([3, 2], .float64), into: y, beta: 0, adding: nil)
    }
    expect("spmm: an operand has strides [1, 3]") {
      try spmmRule(a, view([2, 3]).transposed, into: y, beta: 0, adding: nil)
    }
  }

  @Test(arguments: Devices.each)
  func gatherWantsBatchRowsWidth(device: TestDevice) {
    let index = RowIndex([2, 0], sourceRows: 3, on: device.device)
    accept { try gatherRule(source: view([4, 3, 5]), index, gathered: view([4, 2, 5])) }
    expect("gather: shapes [4, 4, 5] and [4, 2, 5] for 2 of 3 rows") {
      try gatherRule(source: view([4, 4, 5]), index, gathered: view([4, 2, 5]))
    }
    expect("gather: types float32 and float64") {
      try gatherRule(source: view([4, 3, 5]), index, gathered: view([4, 2, 5], .float64))
    }
  }

  @Test func errorsCarryThreeLines() {
    let error = ComputeError(.shape, what: "a", why: "b", mend: "c")
    #expect("\(error)" == "a\n  why:  b\n  mend: c")
  }

  // MARK: - Helpers

  private func view(_ shape: [Int], _ type: ElementType = .float32) -> TensorView {
    TensorView(buffer: Buffer(byteCount: 4096), elementType: type, shape: shape)
  }

  /// The rule must refuse, begin its first line with `text`, and say why and how to mend it.
  private func expect(
    _ text: String, sourceLocation: SourceLocation = #_sourceLocation, _ rule: () throws -> Void
  ) {
    do {
      try rule()
      Issue.record("accepted what should give: \(text)", sourceLocation: sourceLocation)
    } catch let error as ComputeError {
      #expect(error.kind == .shape, sourceLocation: sourceLocation)
      #expect(error.what.hasPrefix(text), "\(error.what)", sourceLocation: sourceLocation)
      #expect(!error.why.isEmpty && !error.mend.isEmpty, sourceLocation: sourceLocation)
    } catch {
      Issue.record("\(error)", sourceLocation: sourceLocation)
    }
  }

  private func accept(sourceLocation: SourceLocation = #_sourceLocation, _ rule: () throws -> Void) {
    #expect(throws: Never.self, sourceLocation: sourceLocation) { try rule() }
  }
}
