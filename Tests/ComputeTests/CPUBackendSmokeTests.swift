import CPUBackend
import Compute
import Foundation
import Testing

/// What is particular to the CPU backend. The operations' contracts are tested for every device elsewhere.
@Suite struct CPUBackendTests {
  // MARK: Threads

  /// Results of many operations, at sizes that are cut into several tiles.
  private func sample(_ device: CPUDevice, _ type: ElementType) throws -> [[Double]] {
    var results: [[Double]] = []
    func keep(_ view: TensorView) throws { results.append(try device.downloadDoubles(view)) }
    func noise(_ shape: [Int], _ seed: Int) -> TensorView {
      let view = device.allocate(type, shape)
      device.upload(numbers(shape.reduce(1, *), seed: seed), to: view)
      return view
    }
    let x = noise([3, 3001, 37], 1)
    let wave = ElementwiseProgram("wave", inputs: 2) { x, _ in [exp(x[0]) * x[1], tanh(x[0]) + x[1]] }
    let (first, second) = (device.allocate(type, x.shape), device.allocate(type, x.shape))
    device.map(wave, [x, noise([37], 2)], into: [first, second])
    try keep(first)
    try keep(second)
    for kept in [[1, 1, 1], [1, 1, 37], [3, 3001, 1], [1, 3001, 1], [3, 1, 37]] {
      let sum = device.allocate(type, kept)
      device.reduce(.sum, .identity, [x], scalars: [], domain: x.shape, into: [sum])
      try keep(sum)
    }
    let (mean, variance) = (device.allocate(type, [37]), device.allocate(type, [37]))
    device.moments(x, weights: noise([3001], 3), mean: mean, variance: variance)
    try keep(mean)
    try keep(variance)
    let tall = noise([20_011, 33], 4)
    let product = device.allocate(type, [33, 33])
    device.gemm(tall.transposed, tall, into: product)
    try keep(product)
    let wide = device.allocate(type, [20_011, 20])
    device.gemm(tall, noise([33, 20], 5), into: wide)
    try keep(wide)
    return results
  }

  @Test(arguments: [ElementType.float32, .float64])
  func resultsAreTheSameBitsForAnyNumberOfThreads(type: ElementType) throws {
    let expected = try sample(CPUDevice(threads: 1), type)
    for threads in [2, 5] { #expect(try sample(CPUDevice(threads: threads), type) == expected) }
  }

  @Test func operationsMayBeCalledFromSeveralThreads() async throws {
    let device = CPUDevice(threads: 3)
    let expected = try sample(device, .float32)
    try await withThrowingTaskGroup(of: [[Double]].self) { group in
      for _ in 0..<4 { group.addTask { try sample(device, .float32) } }
      for try await result in group { #expect(result == expected) }
    }
  }

  // MARK: Memory and faults

  @Test func poolServesARepeatedStepWithoutTheSystem() throws {
    let device = CPUDevice(threads: 2)
    _ = try sample(device, .float32)
    let before = device.memoryStatistics
    _ = try sample(device, .float32)
    #expect(device.memoryStatistics.systemAllocationCount == before.systemAllocationCount)
    #expect(before.liveByteCount == 0)
    device.trimPool()
    #expect(device.memoryStatistics.mappedByteCount == 0)
  }

  @Test func refusedAllocationIsAFaultUntilTheNextWait() throws {
    let device = CPUDevice(threads: 1, largestAllocation: 1 << 20)
    let small = device.upload([Float](repeating: 1, count: 4), [4])
    let large = device.allocate(.float32, [1 << 19])
    #expect(device.fault?.kind == .system)
    device.fill(small, with: 7)
    #expect(throws: ComputeError.self) { try device.synchronize() }
    #expect(device.fault == nil)
    #expect(try device.download(small, as: Float.self) == [1, 1, 1, 1])
    // The view that has no memory is harmless also later.
    device.fill(large, with: 7)
    #expect(throws: ComputeError.self) { try device.synchronize() }
  }

  @Test func profilerSeesEveryOperation() throws {
    final class Records: Profiler, @unchecked Sendable {
      var launches: [LaunchRecord] = []
      func record(_ launch: LaunchRecord) { launches.append(launch) }
    }
    let device = CPUDevice(threads: 1)
    let x = device.upload([Float](repeating: 1, count: 12), [3, 4])
    let y = device.allocate(.float32, [3, 3])
    let records = Records()
    device.profiler = records
    device.gemm(x, x.transposed, into: y)
    device.profiler = nil
    device.fill(y, with: 0)
    #expect(records.launches.map(\.name) == ["gemm"])
    #expect(records.launches.first?.flop == 72)
    #expect(records.launches.first?.byteCount == 4 * (12 + 12 + 9))
  }

  // MARK: Loops

  /// Random shapes and strides against loops over single elements.
  @Test(arguments: 0..<20)
  func mapAndReduceWalkAnyStrides(seed: Int) throws {
    var random = Numbers(seed: seed)
    let device = CPUDevice(threads: 2)
    let rank = random.below(4) + 1
    let sizes = [1, 2, 3, 5, 16, 31, 64, 130, 600]
    var shape: [Int] = []
    for _ in 0..<rank {
      // Up to a few tiles in all.
      let count = shape.reduce(1, *)
      shape.append(sizes.filter { count * $0 <= 70_000 }.randomElement(&random))
    }
    let inputs = (0..<3).map { _ in StridedView(shape, on: device, &random) }
    let program = ElementwiseProgram("chain", inputs: 3, scalars: 1) { x, s in
      [x[0] * x[1] - s[0] * x[2], max(x[0] - x[2], 0) + 0.5, x[1]]
    }
    let scalar = 0.75
    func value(_ output: Int, _ index: [Int]) -> Double {
      let x = inputs.map { $0[index] }
      return [x[0] * x[1] - scalar * x[2], max(x[0] - x[2], 0) + 0.5, x[1]][output]
    }

    let outputs = (0..<3).map { _ in StridedView(shape, on: device, &random, repeating: false) }
    device.map(program, inputs.map(\.view), scalars: [scalar], into: outputs.map(\.view))
    for (number, output) in outputs.enumerated() {
      let got = try device.download(output.view, as: Double.self)
      #expect(got == indices(of: shape).map { value(number, $0) }, "map to \(shape), output \(number)")
    }

    for reduction in Reduction.allCases {
      let keptShape = shape.map { random.below(2) == 0 ? 1 : $0 }
      let results = (0..<3).map { _ in device.allocate(.float64, keptShape) }
      device.reduce(reduction, program, inputs.map(\.view), scalars: [scalar], domain: shape, into: results)
      for number in 0..<3 {
        var expected = [[Int]: Double]()
        for index in indices(of: shape) {
          let place = zip(index, keptShape).map { min($0, $1 - 1) }
          let v = value(number, index)
          switch reduction {
          case .sum: expected[place, default: 0] += v
          case .maximum: expected[place] = max(expected[place] ?? v, v)
          case .minimum: expected[place] = min(expected[place] ?? v, v)
          }
        }
        let got = try device.download(results[number], as: Double.self)
        for (g, place) in zip(got, indices(of: keptShape)) {
          #expect(
            abs(g - expected[place]!) <= 1e-12 * Double(shape.reduce(1, *)), "\(reduction) \(shape) -> \(keptShape)")
        }
      }
    }
  }

  @Test func vectorFunctionsStayWithinThreeUnitsInTheLastPlace() throws {
    let device = CPUDevice(threads: 1)
    let bits = stride(from: UInt32(0), to: 0x7f80_0000, by: 1_047_299).map { Float(bitPattern: $0) }
    let values = bits + bits.map { -$0 } + [.infinity, -.infinity, .nan]
    let x = device.upload(values, [values.count])
    let results = (0..<3).map { _ in device.allocate(.float32, [values.count]) }
    device.map(
      ElementwiseProgram("functions", inputs: 1) { x, _ in [exp(x[0]), log(x[0]), tanh(x[0])] }, [x], into: results)
    let oracles: [(Double) -> Double] = [{ oracleExp($0) }, { oracleLog($0) }, { oracleTanh($0) }]
    for (result, oracle) in zip(results, oracles) {
      for (got, value) in zip(try device.download(result, as: Float.self), values) {
        let expected = Float(oracle(Double(value)))
        let same = got == expected || (got.isNaN && expected.isNaN)
        #expect(same || abs(got - expected) <= 3 * expected.ulp, "f(\(value)) = \(got), not \(expected)")
      }
    }
  }
}

// MARK: - Oracles and inputs

private func oracleExp(_ x: Double) -> Double { Foundation.exp(x) }
private func oracleLog(_ x: Double) -> Double { Foundation.log(x) }
private func oracleTanh(_ x: Double) -> Double { Foundation.tanh(x) }

/// A small linear congruential generator.
private struct Numbers {
  private var state: UInt64
  init(seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
  mutating func below(_ bound: Int) -> Int { Int(next()) % bound }
}

/// Multiples of 1/64 between -1 and 1, so that short sums and products are exact.
private func numbers(_ count: Int, seed: Int) -> [Double] {
  var random = Numbers(seed: seed)
  return (0..<count).map { _ in Double(random.below(129) - 64) / 64 }
}

/// All index tuples of a shape in row-major order.
private func indices(of shape: [Int]) -> [[Int]] {
  shape.reduce([[]]) { prefixes, size in prefixes.flatMap { prefix in (0..<size).map { prefix + [$0] } } }
}

/// A float64 view that broadcasts to a shape, with random order of axes, gaps and repeated axes, and its elements on
/// the host.
private struct StridedView {
  let view: TensorView
  private let strides: [Int]
  private let offset: Int
  private let memory: [Double]

  init(_ shape: [Int], on device: CPUDevice, _ random: inout Numbers, repeating: Bool = true) {
    var own = shape
    if repeating { for axis in own.indices where random.below(3) == 0 { own[axis] = 1 } }
    var order = Array(own.indices)
    if random.below(3) == 0 { order.shuffle(&random) }
    var strides = [Int](repeating: 0, count: own.count)
    var step = random.below(3) == 0 ? 3 : 1
    for axis in order.reversed() {
      strides[axis] = step
      step *= own[axis]
      if random.below(4) == 0 { step += 2 }
    }
    offset = random.below(5)
    memory = numbers(step + offset, seed: random.below(1000))
    let buffer = device.upload(memory, [memory.count]).buffer
    view = TensorView(buffer: buffer, elementType: .float64, shape: own, strides: strides, offset: offset)
    self.strides = zip(own, strides).map { $0 == 1 ? 0 : $1 }
  }

  subscript(index: [Int]) -> Double {
    memory[zip(index, strides).reduce(offset) { $0 + $1.0 * $1.1 }]
  }
}

extension Array {
  fileprivate func randomElement(_ random: inout Numbers) -> Element { self[random.below(count)] }

  fileprivate mutating func shuffle(_ random: inout Numbers) {
    for i in indices.reversed() { swapAt(i, random.below(i + 1)) }
  }
}
