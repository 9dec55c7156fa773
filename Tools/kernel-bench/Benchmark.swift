import Compute

/// One row of the benchmark: an operation at a shape that the models use.
struct Benchmark: Sendable {
  /// What limits the operation, and so which roof stands beside it.
  enum Bound: Sendable { case arithmetic, memory }

  /// "family/shape", as in the peers' benchmark where the same row exists there.
  let name: String
  let bound: Bound
  /// Arithmetic of one run.
  let flop: Int
  /// Elements that one run must read and write at least, each operand once.
  let elementTraffic: Int
  let prepare: @Sendable (_ device: any Device, _ type: ElementType) throws -> Prepared
}

/// Operands on the device, ready to run.
struct Prepared {
  let run: () -> Void
  /// Compares the result of the first run with the host; called once after it, before any timing.
  let verify: () throws -> Verification
}

/// How far sampled results lie from the host's Double loops.
struct Verification {
  /// The greatest error, as a share of what rounding allows: at most 1 passes.
  private(set) var worst = 0.0
  private(set) var sampleCount = 0

  var passes: Bool { sampleCount > 0 && worst <= 1 }

  /// - Parameter magnitude: the sum of the absolute values of the terms that make up `expected`.
  mutating func compare(_ actual: Double, _ expected: Double, magnitude: Double, type: ElementType) {
    // 16 eps: the tests are stricter; here a wrong index or a lost tile must show, not a rounding.
    let share = abs(actual - expected) / (16 * type.epsilon * magnitude)
    worst = share.isNaN ? (actual == expected ? worst : .infinity) : max(worst, share)
    sampleCount += 1
  }
}

/// Deterministic host data, exact in float32: multiples of 2^-23 in [-1, 1).
func hostValues(_ count: Int, seed: UInt64) -> [Float] {
  let key = RandomKey(seed: seed, offset: 0)
  var values: [Float] = []
  values.reserveCapacity(count + 3)
  for block in 0..<(count + 3) / 4 {
    let words = key.words(block: UInt64(block))
    for lane in 0..<4 { values.append(Float(Int32(bitPattern: words[lane]) >> 8) * 0x1p-23) }
  }
  return Array(values.prefix(count))
}

extension Device {
  func uploaded(_ values: [Float], _ type: ElementType, _ shape: [Int]) -> TensorView {
    let view = allocate(type, shape)
    upload(values, to: view)
    return view
  }
}

/// `count` places spread over `0..<length`, the first and the last among them.
func spread(_ count: Int, over length: Int) -> [Int] {
  length <= count ? Array(0..<length) : (0..<count).map { $0 * (length - 1) / (count - 1) }
}
