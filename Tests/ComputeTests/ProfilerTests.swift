import Compute
import Synchronization
import TestSupport
import Testing

struct ProfilerTests {
  private final class Recorder: Profiler {
    private let stored = Mutex<[LaunchRecord]>([])
    func record(_ launch: LaunchRecord) { stored.withLock { $0.append(launch) } }
    var records: [LaunchRecord] { stored.withLock { $0 } }
  }

  /// Every operation leaves at least one record, named after the operation or its program, and time runs forward.
  @Test(arguments: Devices.each)
  func everyOperationIsRecorded(device: TestDevice) throws {
    let d = try device.fresh().device
    func real(_ shape: [Int]) -> TensorView {
      let view = d.allocate(.float32, shape)
      d.fill(view, with: 0.5)
      return view
    }
    let (x, y, z) = (real([2, 64, 64]), real([2, 64, 64]), real([2, 64, 64]))
    let (mean, variance, sum, last) = (real([64]), real([64]), real([1, 1, 1]), real([2, 64, 1]))
    let index = d.allocate(.int32, [2, 64])
    let matrix = SparseMatrix(
      CompressedRows(rows: 64, columns: 64, entries: (0..<64).map { ($0, 63 - $0, 1) }), .float32, on: d)
    let rows = RowIndex((0..<64).map { Int32(63 - $0) }, sourceRows: 64, on: d)
    let twice = ElementwiseProgram("twice", inputs: 1) { x, _ in [2 * x[0]] }
    let total = ElementwiseProgram("total", inputs: 1) { x, _ in [x[0] + 1] }
    let key = RandomKey(seed: 1, offset: 1)
    let operations: [(name: String, run: () -> Void)] = [
      ("copy", { d.copy(x, to: y) }), ("fill", { d.fill(y, with: 1) }), ("twice", { d.map(twice, [x], into: [y]) }),
      ("total", { d.reduce(.sum, total, [x], scalars: [], domain: x.shape, into: [sum]) }),
      ("argReduce", { d.argReduce(.maximum, x, into: index) }),
      ("moments", { d.moments(x, weights: nil, mean: mean, variance: variance) }),
      ("logSumExp", { d.logSumExp(x, into: last) }), ("gemm", { d.gemm(x, y, into: z) }),
      ("spmm", { d.spmm(matrix, x, into: z) }), ("gather", { d.gather(x, rows, into: y) }),
      ("scatterAdd", { d.scatterAdd(x, rows, into: y, beta: 0) }),
      ("randomMask", { d.randomMask(key, keepProbability: 0.5, scale: 2, into: y) }),
      (
        "rmsprop",
        { d.rmsprop(parameter: y, gradient: x, meanSquare: z, learningRate: 0.1, decay: 0.9, epsilon: 1e-8) }
      ),
    ]
    try d.synchronize()
    for (name, run) in operations {
      let recorder = Recorder()
      d.profiler = recorder
      run()
      try d.synchronize()
      d.profiler = nil
      let records = recorder.records
      #expect(!records.isEmpty, "\(name) left no record")
      #expect(records.allSatisfy { !$0.name.isEmpty && $0.begin <= $0.end }, "\(name)")
      #expect(records.contains { $0.name.contains(name) }, "\(name): \(records.map(\.name))")
      if name == "gemm" { #expect(records.reduce(0) { $0 + $1.flop } == 2 * 2 * 64 * 64 * 64) }
      if name == "spmm" { #expect(records.reduce(0) { $0 + $1.flop } == 2 * 2 * 64 * 64) }
    }
    let recorder = Recorder()
    d.profiler = recorder
    d.profiler = nil
    d.fill(x, with: 0)
    try d.synchronize()
    #expect(recorder.records.isEmpty)
  }
}
