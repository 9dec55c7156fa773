extension ElementwiseProgram {
  /// The program as OpenCL C statements, one `const REAL` per step: the only place that writes kernel text.
  ///
  /// Step k becomes `v<k>`. Inputs are read as `in<i>`, scalars as `s<j>`, which the caller declares before.
  public var openCLBody: String {
    steps.indices.map { "  const REAL v\($0) = \(openCLTerm(steps[$0]));" }.joined(separator: "\n")
  }

  private func openCLTerm(_ step: Step) -> String {
    let x = step.operands.map { "v\($0)" }
    return switch step.function {
    case .input(let index): "in\(index)"
    case .scalar(let index): "s\(index)"
    case .constant(let value): Self.openCLLiteral(value)
    case .add: "\(x[0]) + \(x[1])"
    case .subtract: "\(x[0]) - \(x[1])"
    case .multiply: "\(x[0]) * \(x[1])"
    case .divide: "\(x[0]) / \(x[1])"
    // Written so that a NaN in the first operand comes through: relu must not hide one.
    case .maximum: "(\(x[0]) < \(x[1]) ? \(x[1]) : \(x[0]))"
    case .minimum: "(\(x[1]) < \(x[0]) ? \(x[1]) : \(x[0]))"
    case .greater: "(\(x[0]) > \(x[1]) ? (REAL)1 : (REAL)0)"
    case .negate: "-\(x[0])"
    case .absolute: "fabs(\(x[0]))"
    case .sign: "(REAL)((\(x[0]) > 0) - (\(x[0]) < 0))"
    case .squareRoot: "sqrt(\(x[0]))"
    case .exponential: "exp(\(x[0]))"
    case .logarithm: "log(\(x[0]))"
    case .tanh: "tanh(\(x[0]))"
    case .floor: "floor(\(x[0]))"
    case .select: "(\(x[0]) != 0 ? \(x[1]) : \(x[2]))"
    }
  }

  private static func openCLLiteral(_ value: Double) -> String {
    if value == .infinity { return "(REAL)INFINITY" }
    if value == -.infinity { return "(REAL)(-INFINITY)" }
    if value.isNaN { return "(REAL)NAN" }
    // The cast keeps single-precision kernels free of double arithmetic where REAL_LITERAL appends the suffix.
    return value < 0 ? "(-REAL_LITERAL(\(-value)))" : "REAL_LITERAL(\(value))"
  }
}
