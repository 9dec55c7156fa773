/// A straight-line program over scalars: the form in which arithmetic crosses the seam.
///
/// Equal subexpressions are computed once. Two programs with the same steps are equal whatever built
/// them, so the program itself is the key of every kernel cache.
public struct ElementwiseProgram: Sendable, Hashable {
  public struct Step: Sendable, Hashable {
    public let function: ScalarFunction
    /// Indices of earlier steps.
    public let operands: [Int]

    /// Constants are equal when their bits are: 0 differs from -0, and NaN equals itself.
    public static func == (a: Self, b: Self) -> Bool {
      guard a.operands == b.operands else { return false }
      if case .constant(let x) = a.function, case .constant(let y) = b.function { return x.bitPattern == y.bitPattern }
      return a.function == b.function
    }
  }

  /// Appears in profiles and kernel names; not part of the identity.
  public let name: String
  public let inputCount: Int
  public let scalarCount: Int
  public let steps: [Step]
  /// Which step each output takes.
  public let outputs: [Int]

  public static let maximumInputs = 12
  public static let maximumOutputs = 4

  public static func == (a: Self, b: Self) -> Bool {
    a.steps == b.steps && a.outputs == b.outputs && a.inputCount == b.inputCount && a.scalarCount == b.scalarCount
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(steps)
    hasher.combine(outputs)
    hasher.combine(inputCount)
  }

  /// - Parameter body: gets one expression per input and per scalar, returns one per output.
  public init(
    _ name: String, inputs: Int, scalars: Int = 0,
    _ body: (_ inputs: [ScalarExpression], _ scalars: [ScalarExpression]) -> [ScalarExpression]
  ) {
    let results = body((0..<inputs).map { .input($0) }, (0..<scalars).map { .scalar($0) })
    self.init(name, inputCount: inputs, scalarCount: scalars, results: results)
  }

  init(_ name: String, inputCount: Int, scalarCount: Int, results: [ScalarExpression]) {
    precondition(
      inputCount <= Self.maximumInputs, "\(name): \(inputCount) inputs; a program takes \(Self.maximumInputs)")
    precondition(
      results.count <= Self.maximumOutputs, "\(name): \(results.count) outputs; a program gives \(Self.maximumOutputs)")
    var flattener = Flattener()
    let outputs = results.map { flattener.number(of: $0) }
    self.name = name
    self.inputCount = inputCount
    self.scalarCount = scalarCount
    self.steps = flattener.steps
    self.outputs = outputs
  }

  /// y = x: what a plain reduction computes before it reduces.
  public static let identity = ElementwiseProgram("identity", inputs: 1) { x, _ in [x[0]] }

  /// Arithmetic steps per element.
  public var operationCount: Int {
    steps.count {
      switch $0.function {
      case .input, .scalar, .constant: false
      default: true
      }
    }
  }
}

/// Numbers expressions by value, so that equal ones share a step.
private struct Flattener {
  var steps: [ElementwiseProgram.Step] = []
  private var byIdentity: [ObjectIdentifier: Int] = [:]
  private var byValue: [ElementwiseProgram.Step: Int] = [:]

  mutating func number(of expression: ScalarExpression) -> Int {
    if let known = byIdentity[ObjectIdentifier(expression)] { return known }
    let operands = expression.operands.map { number(of: $0) }
    let step = ElementwiseProgram.Step(function: expression.function, operands: operands)
    let index = byValue[step] ?? steps.count
    if index == steps.count {
      steps.append(step)
      byValue[step] = index
    }
    byIdentity[ObjectIdentifier(expression)] = index
    return index
  }
}

// MARK: - Derivatives

extension ElementwiseProgram {
  /// The program of the vector-Jacobian product.
  ///
  /// Its inputs are this program's inputs followed by one upstream gradient per output; its outputs are
  /// the gradients of the listed inputs, in order.
  public func gradient(ofInputs wanted: [Int]) -> ElementwiseProgram {
    let values = expressions()
    var adjoint = [ScalarExpression?](repeating: nil, count: steps.count)
    func accumulate(_ step: Int, _ term: ScalarExpression) {
      adjoint[step] = adjoint[step].map { $0 + term } ?? term
    }
    for (k, step) in outputs.enumerated() { accumulate(step, .input(inputCount + k)) }
    for index in steps.indices.reversed() {
      guard let dy = adjoint[index] else { continue }
      let operands = steps[index].operands
      let terms = Self.partials(
        steps[index].function, value: values[index], operands: operands.map { values[$0] }, dy: dy)
      for (operand, term) in zip(operands, terms) { if let term { accumulate(operand, term) } }
    }
    let results = wanted.map { input -> ScalarExpression in
      let step = steps.firstIndex { $0.function == .input(input) }
      return step.flatMap { adjoint[$0] } ?? 0
    }
    return ElementwiseProgram(
      name + ".gradient", inputCount: inputCount + outputs.count, scalarCount: scalarCount, results: results)
  }

  /// Whether any output depends on the input at all.
  public func reads(input: Int) -> Bool { steps.contains { $0.function == .input(input) } }

  /// The program of one output alone.
  public func output(_ index: Int) -> ElementwiseProgram {
    ElementwiseProgram(
      "\(name)[\(index)]", inputCount: inputCount, scalarCount: scalarCount, results: [expressions()[outputs[index]]])
  }

  /// The expression graph that this program came from.
  private func expressions() -> [ScalarExpression] {
    var built: [ScalarExpression] = []
    for step in steps { built.append(ScalarExpression(step.function, step.operands.map { built[$0] })) }
    return built
  }

  /// dy times the partial derivative with respect to each operand; nil where it vanishes.
  private static func partials(
    _ function: ScalarFunction, value y: ScalarExpression, operands x: [ScalarExpression], dy: ScalarExpression
  ) -> [ScalarExpression?] {
    switch function {
    case .input, .scalar, .constant: []
    case .add: [dy, dy]
    case .subtract: [dy, -dy]
    case .multiply: [dy * x[1], dy * x[0]]
    case .divide: [dy / x[1], -(dy * y / x[1])]
    case .maximum: [select(greater(x[0], x[1]), dy, 0), select(greater(x[0], x[1]), 0, dy)]
    case .minimum: [select(greater(x[1], x[0]), dy, 0), select(greater(x[1], x[0]), 0, dy)]
    case .greater, .sign, .floor: [nil, nil]
    case .negate: [-dy]
    case .absolute: [dy * Compute.sign(x[0])]
    case .squareRoot: [select(y, 0.5 * dy / y, 0)]
    case .exponential: [dy * y]
    case .logarithm: [dy / x[0]]
    case .tanh: [dy * (1 - y * y)]
    case .select: [nil, select(x[0], dy, 0), select(x[0], 0, dy)]
    }
  }
}
