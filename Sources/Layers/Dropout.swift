/// Inverted dropout: in training, each element is kept with probability `1 - rate` and then divided by it.
public struct Dropout: Sendable {
  public let rate: Double

  public init(rate: Double) { self.rate = rate }

  /// - Parameter mask: 1 = keep, of x's shape: replaces the random draw (reference traces).
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass, mask: Tensor? = nil) -> Tensor {
    guard pass.isTraining, rate > 0 else { return x }
    let scale = 1 / (1 - rate)
    if let mask { return fused("dropout", [x, mask], scalars: [scale]) { x, s in x[0] * (x[1] * s[0]) } }
    guard let random = pass.random else { preconditionFailure("Dropout: training needs a RandomStream in the pass") }
    let drawn = x.device.allocate(x.elementType, x.shape)
    x.device.randomMask(random.next(), keepProbability: 1 - rate, scale: scale, into: drawn)
    return fused("dropout", x, Tensor(drawn, on: x.device)) { $0 * $1 }
  }
}
