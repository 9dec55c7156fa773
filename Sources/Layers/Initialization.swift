import Foundation

/// How a tensor starts out.
public enum Initialization: Sendable {
  case constant(Double)
  /// Uniform on `-bound ..< bound`.
  case uniform(bound: Double)
  /// Normal with mean 0.
  case normal(deviation: Double)
  /// A direction drawn evenly from the unit sphere.
  case unitVector
}

extension ParameterStore {
  /// Fills named tensors. Tensor k of `values` draws from its own stretch of the seed, in the upper half of the offsets,
  /// which running draws never reach. The result depends on the seed and the declarations only, not on the device.
  public func initialize(_ values: [(name: String, Initialization)], seed: UInt64) {
    for (k, (name, initialization)) in values.enumerated() {
      let key = RandomKey(seed: seed, offset: 1 << 63 | UInt64(k))
      switch initialization {
      case .constant(let value): device.fill(view(name), with: value)
      case .uniform(let bound):
        let destination = view(name)
        device.upload(uniform(destination.elementCount, bound: bound, key), to: destination)
      case .normal(let deviation):
        let destination = view(name)
        device.upload(normal(destination.elementCount, key).map { Float(deviation * $0) }, to: destination)
      case .unitVector:
        let destination = view(name)
        let direction = normal(destination.elementCount, key)
        let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
        device.upload(direction.map { Float($0 / length) }, to: destination)
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

/// Standard normal numbers by the transform of Box and Muller (1958), from 53-bit uniform ones.
private func normal(_ count: Int, _ key: RandomKey) -> [Double] {
  (0..<(count + 1) / 2).flatMap { block -> [Double] in
    let words = key.words(block: UInt64(block))
    func uniform(_ high: UInt32, _ low: UInt32) -> Double {
      (Double((UInt64(high) << 32 | UInt64(low)) >> 11) + 0.5) * 0x1p-53
    }
    let radius = (-2 * log(uniform(words[0], words[1]))).squareRoot()
    let angle = 2 * Double.pi * uniform(words[2], words[3])
    return [radius * cos(angle), radius * sin(angle)]
  }.prefix(count).map { $0 }
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
