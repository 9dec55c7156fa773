/// A view that a result is added to: view = beta view + result. With beta = 0 its old content has no influence.
public struct Accumulator: Sendable {
  public let view: TensorView
  public let beta: Double

  public init(_ view: TensorView, beta: Double) {
    self.view = view
    self.beta = beta
  }
}

extension ElementwiseOperations where Self: MemoryOperations {
  /// Adds a finished result where it belongs.
  func add(_ result: TensorView, to target: Accumulator) {
    if target.beta == 0 {
      copy(result, to: target.view)
    } else {
      map(accumulation, [target.view, result], scalars: [target.beta], into: [target.view])
    }
  }
}

private let accumulation = ElementwiseProgram("accumulate", inputs: 2, scalars: 1) { x, s in [s[0] * x[0] + x[1]] }
