/// How a tensor starts out.
public enum Initialization: Sendable {
  case constant(Double)
  /// Uniform on `-bound ..< bound`.
  case uniform(bound: Double)
}

extension ParameterStore {
  /// Fills named tensors. Tensor k of `values` draws from its own stretch of the seed, in the upper half of the offsets,
  /// which running draws never reach. The result depends on the seed and the declarations only, not on the device.
  public func initialize(_ values: [(name: String, Initialization)], seed: UInt64) {
    for (k, (name, initialization)) in values.enumerated() {
      switch initialization {
      case .constant(let value): device.fill(view(name), with: value)
      case .uniform(let bound):
        let destination = view(name)
        device.upload(
          uniform(destination.elementCount, bound: bound, RandomKey(seed: seed, offset: 1 << 63 | UInt64(k))),
          to: destination)
      }
    }
  }

  private func uniform(_ count: Int, bound: Double, _ key: RandomKey) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      for block in 0..<(count + 3) / 4 {
        let words = key.words(block: UInt64(block))
        for lane in 0..<min(4, count - 4 * block) {
          // 24 bits: every value is exact in single precision before scaling.
          buffer[4 * block + lane] = Float((Double(words[lane] >> 8) * 0x1p-23 - 1) * bound)
        }
      }
      filled = count
    }
  }
}

extension Linear {
  /// PyTorch's default: weight and bias uniform within 1 / sqrt(inputs).
  public var initialization: [(name: String, Initialization)] {
    let bound = 1 / Double(inputs).squareRoot()
    return [("\(name).weight", .uniform(bound: bound)), ("\(name).bias", .uniform(bound: bound))]
  }
}

extension BatchNorm {
  public var initialization: [(name: String, Initialization)] {
    [
      ("\(name).weight", .constant(1)), ("\(name).bias", .constant(0)), ("\(name).running_mean", .constant(0)),
      ("\(name).running_var", .constant(1)),
    ]
  }
}

extension ChebyshevConvolution {
  /// Weight uniform within sqrt(2 / (3 inputs + outputs)), bias 0.
  public var initialization: [(name: String, Initialization)] {
    let bound = (2 / Double(3 * inputs + outputs)).squareRoot()
    return [("\(name).weight", .uniform(bound: bound)), ("\(name).bias", .constant(0))]
  }
}
