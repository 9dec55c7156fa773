import Compute
import TestSupport
import Testing

/// Every operation that writes raises the version of what it wrote to, and of nothing else.
struct VersionTests {
  @Test(arguments: Devices.underTest)
  func everyWritingOperation(device: TestDevice) throws {
    let d = device.device
    func real(_ shape: [Int]) -> TensorView {
      let view = d.allocate(device.elementType, shape)
      d.fill(view, with: 0.5)
      return view
    }
    let (x, y, z) = (real([2, 4, 4]), real([2, 4, 4]), real([2, 4, 4]))
    let (m, v, w) = (real([4]), real([4]), real([4]))
    let (row, last) = (real([1, 1, 4]), real([2, 4, 1]))
    let index = d.allocate(.int32, [2, 4])
    let bits = d.allocate(.int32, [5])
    let matrix = SparseMatrix(
      CompressedRows(rows: 4, columns: 4, entries: [(0, 1, 1)]), device.elementType, on: d)
    let rows = RowIndex([3, 0, 0, 1], sourceRows: 4, on: d)
    let zeros = [Float](repeating: 0, count: 32)
    let key = RandomKey(seed: 1, offset: 1)
    let both = ElementwiseProgram("both", inputs: 1) { x, _ in [x[0], -x[0]] }

    let cases: [(name: String, read: [TensorView], written: [TensorView], run: () -> Void)] = [
      ("upload", [], [y], { d.upload(zeros, to: y) }),
      ("copy", [x], [y], { d.copy(x, to: y) }),
      ("fill", [], [y], { d.fill(y, with: 1) }),
      ("map", [x], [y, z], { d.map(both, [x], into: [y, z]) }),
      ("reduce", [x], [row], { d.reduce(.sum, .identity, [x], scalars: [], domain: x.shape, into: [row]) }),
      ("argReduce", [x], [index], { d.argReduce(.maximum, x, into: index) }),
      ("moments", [x, w], [m, v], { d.moments(x, weights: w, mean: m, variance: v) }),
      ("logSumExp", [x], [last], { d.logSumExp(x, into: last) }),
      ("gemm", [x, y], [z], { d.gemm(x, y, into: z) }),
      ("spmm", [x, y], [z], { d.spmm(matrix, x, into: z, alpha: 1, beta: 1, adding: y) }),
      ("gather", [x], [y], { d.gather(x, rows, into: y) }),
      ("scatterAdd", [x], [y], { d.scatterAdd(x, rows, into: y, beta: 1) }),
      ("randomBits", [], [bits], { d.randomBits(key, into: bits) }),
      ("randomMask", [], [y], { d.randomMask(key, keepProbability: 0.5, scale: 2, into: y) }),
      (
        "rmsprop", [x], [y, z],
        { d.rmsprop(parameter: y, gradient: x, meanSquare: z, learningRate: 0.1, decay: 0.9, epsilon: 1e-8) }
      ),
    ]
    for (name, read, written, run) in cases {
      let before = (read.map(\.buffer.version), written.map(\.buffer.version))
      run()
      #expect(read.map(\.buffer.version) == before.0, "\(name) reads")
      #expect(zip(written, before.1).allSatisfy { $0.buffer.version > $1 }, "\(name) writes")
    }
    try d.synchronize()
  }
}
