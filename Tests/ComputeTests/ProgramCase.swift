import Compute
import TestSupport

/// A program and where its arguments may lie: inside its domain and, for derivatives, away from kinks.
struct ProgramCase: Sendable, CustomStringConvertible {
  let program: ElementwiseProgram
  /// Arguments lie at `center` +- (`margin` ... `margin` + `spread`).
  var center = 0.0
  var margin = 0.0
  var spread = 2.0

  var description: String { program.name }

  func point(_ random: inout RandomSource) -> Double {
    let value = random.signed()
    return center + (value < 0 ? -margin : margin) + spread * value
  }

  /// Every scalar function on its own.
  static let functions: [ProgramCase] = [
    one("add", 2) { $0[0] + $0[1] },
    one("subtract", 2) { $0[0] - $0[1] },
    one("multiply", 2) { $0[0] * $0[1] },
    one("divide", 2, margin: 0.5) { $0[0] / $0[1] },
    one("maximum", 2) { max($0[0], $0[1]) },
    one("minimum", 2) { min($0[0], $0[1]) },
    one("greater", 2) { greater($0[0], $0[1]) },
    one("negate", 1) { -$0[0] },
    one("absolute", 1, margin: 0.01) { abs($0[0]) },
    one("sign", 1, margin: 0.01) { sign($0[0]) },
    one("squareRoot", 1, center: 2.5) { sqrt($0[0]) },
    one("exponential", 1) { exp($0[0]) },
    one("logarithm", 1, center: 2.5) { log($0[0]) },
    one("tanh", 1) { tanh($0[0]) },
    // Between two whole numbers, where its derivative 0 is the true one.
    one("floor", 1, center: 7.5, spread: 0.4) { floor($0[0]) },
    one("select", 3, margin: 0.01) { select(greater($0[0], 0), $0[1], $0[2]) },
  ]

  /// Chains as models use them.
  static let chains: [ProgramCase] = [
    one("sigmoid", 1) { sigmoid($0[0]) },
    one("elain", 3) { $0[0] * (1 + $0[1]) + $0[2] },
    one("gated", 2) { sigmoid($0[0]) * tanh($0[1]) },
    one("norm", 3, margin: 0.1) { x in sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]) },
    one("normalized", 4, center: 3) { x in relu((x[0] - x[1]) / sqrt(x[2] * x[2] + 1e-5) * x[3] + x[0]) },
    one("leaky", 2, margin: 0.1) { x in select(greater(x[0], 0), x[0], 0.2 * x[0]) * exp(-x[1]) },
    one("clamped", 1) { x in max(min(x[0], 1.01), -0.97) },
    ProgramCase(
      program: ElementwiseProgram("scaled", inputs: 2, scalars: 2) { x, s in
        [s[0] * x[0] + s[1] * x[1], x[0] * x[1], log(exp(x[0]) + exp(x[1])), x[0]]
      }),
  ]

  static let all = functions + chains

  private static func one(
    _ name: String, _ inputs: Int, center: Double = 0, margin: Double = 0, spread: Double = 2,
    _ body: ([ScalarExpression]) -> ScalarExpression
  ) -> ProgramCase {
    ProgramCase(
      program: ElementwiseProgram(name, inputs: inputs) { x, _ in [body(x)] }, center: center, margin: margin,
      spread: spread)
  }
}
