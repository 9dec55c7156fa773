import Foundation

/// Compares a gradient with central differences of a loss in Double.
///
/// First along one random direction through all arguments, which sees every element at once; then, where an argument
/// has at most `elementLimit` elements, element by element, which says which one is wrong. The step is 6e-6 (the cube
/// root of the machine epsilon, where truncation and rounding errors balance) times the scale of the argument.
/// Choose a point away from kinks.
///
///     try gradientCheck(at: [x, w], gradient: [dx, dw]) { arguments in loss(arguments[0], arguments[1]) }
///
/// - Parameters:
///   - point: the arguments, each flattened.
///   - gradient: the loss's gradient with respect to each, as computed by what is tested.
///   - tolerance: relative to the larger of both derivatives. The default leaves room for losses whose third
///     derivatives are a hundred times their first.
///   - loss: called with perturbed arguments.
/// - Throws: `GradientMismatch`, or what `loss` throws.
public func gradientCheck(
  at point: [[Double]], gradient: [[Double]], tolerance: Double = 1e-7, elementLimit: Int = 48, seed: UInt64 = 1,
  _ loss: ([[Double]]) throws -> Double
) throws {
  guard point.map(\.count) == gradient.map(\.count) else {
    throw GradientMismatch(place: "the element counts", computed: 0, expected: 0)
  }
  var random = RandomSource(seed: seed)
  let step = 6e-6
  let scales = point.map { argument in max(argument.map(abs).max() ?? 0, 1e-3) }
  let size = try abs(loss(point))

  func derivative(along direction: [[Double]], step: Double) throws -> Double {
    func shifted(_ sign: Double) -> [[Double]] {
      zip(point, direction).map { zip($0, $1).map { $0 + sign * step * $1 } }
    }
    return try (loss(shifted(1)) - loss(shifted(-1))) / (2 * step)
  }
  func compare(_ computed: Double, _ expected: Double, step: Double, scale: Double, _ place: String) throws {
    // A loss of this size is known to a few eps, so its difference quotient to a few eps / step.
    let rounding = 16 * size * Double.ulpOfOne / step
    let allowed = tolerance * max(abs(computed), abs(expected), scale) + rounding
    if !(abs(computed - expected) <= allowed) {
      throw GradientMismatch(place: place, computed: computed, expected: expected)
    }
  }

  let direction = zip(point, scales).map { argument, scale in argument.map { _ in scale * random.signed() } }
  let computed = zip(gradient, direction).reduce(0) { $0 + dot($1.0, $1.1) }
  // Terms that cancel in the sum keep the rounding errors of their own size.
  let spread = zip(gradient, direction).reduce(0) { $0 + dot($1.0.map(abs), $1.1.map(abs)) }
  try compare(
    computed, derivative(along: direction, step: step), step: step, scale: 1e-2 * spread, "a random direction")

  for (k, argument) in point.enumerated() where argument.count <= elementLimit {
    let largest = gradient[k].map(abs).max() ?? 0
    for element in argument.indices {
      var unit = point.map { [Double](repeating: 0, count: $0.count) }
      unit[k][element] = 1
      let h = step * scales[k]
      try compare(
        gradient[k][element], derivative(along: unit, step: h), step: h, scale: 1e-2 * largest,
        "element \(element) of argument \(k)")
    }
  }
}

/// A gradient that central differences contradict.
public struct GradientMismatch: Error, CustomStringConvertible {
  let place: String
  let computed, expected: Double
  public var description: String { "gradient at \(place): computed \(computed), central difference \(expected)" }
}
