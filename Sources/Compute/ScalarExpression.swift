/// A symbolic scalar: what a `fused` closure computes with instead of numbers.
///
/// Arithmetic on it builds a small graph. An `ElementwiseProgram` flattens the graph; devices turn the
/// program into one kernel, and its derivative comes from the same program.
public final class ScalarExpression: Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  let function: ScalarFunction
  let operands: [ScalarExpression]

  init(_ function: ScalarFunction, _ operands: [ScalarExpression] = []) {
    self.function = function
    self.operands = operands
  }

  public convenience init(floatLiteral value: Double) { self.init(.constant(value)) }
  public convenience init(integerLiteral value: Int) { self.init(.constant(Double(value))) }
  public convenience init(_ value: Double) { self.init(.constant(value)) }

  /// The element of the `index`-th input view.
  public static func input(_ index: Int) -> ScalarExpression { ScalarExpression(.input(index)) }
  /// The `index`-th run-time scalar argument: changing it needs no new kernel.
  public static func scalar(_ index: Int) -> ScalarExpression { ScalarExpression(.scalar(index)) }
}

/// What one step of a program does. Operands are earlier steps.
public enum ScalarFunction: Sendable, Hashable {
  case input(Int)
  case scalar(Int)
  case constant(Double)
  case add, subtract, multiply, divide, maximum, minimum
  /// 1 where the first operand is greater, else 0.
  case greater
  case negate, absolute, sign, squareRoot, exponential, logarithm, tanh, floor
  /// The second operand where the first is not 0, else the third.
  case select
}

// MARK: - Arithmetic

extension ScalarExpression {
  public static func + (a: ScalarExpression, b: ScalarExpression) -> ScalarExpression { .init(.add, [a, b]) }
  public static func - (a: ScalarExpression, b: ScalarExpression) -> ScalarExpression { .init(.subtract, [a, b]) }
  public static func * (a: ScalarExpression, b: ScalarExpression) -> ScalarExpression { .init(.multiply, [a, b]) }
  public static func / (a: ScalarExpression, b: ScalarExpression) -> ScalarExpression { .init(.divide, [a, b]) }
  public static prefix func - (a: ScalarExpression) -> ScalarExpression { .init(.negate, [a]) }
}

public func abs(_ x: ScalarExpression) -> ScalarExpression { .init(.absolute, [x]) }
/// -1, 0 or 1.
public func sign(_ x: ScalarExpression) -> ScalarExpression { .init(.sign, [x]) }
/// The square root; its derivative at 0 is taken as 0.
public func sqrt(_ x: ScalarExpression) -> ScalarExpression { .init(.squareRoot, [x]) }
public func exp(_ x: ScalarExpression) -> ScalarExpression { .init(.exponential, [x]) }
public func log(_ x: ScalarExpression) -> ScalarExpression { .init(.logarithm, [x]) }
public func tanh(_ x: ScalarExpression) -> ScalarExpression { .init(.tanh, [x]) }
/// The largest whole number not above x; its derivative is 0.
public func floor(_ x: ScalarExpression) -> ScalarExpression { .init(.floor, [x]) }
/// The greater of two; where they tie the derivative goes to `b`, so `max(x, 0)` has derivative 0 at 0.
public func max(_ a: ScalarExpression, _ b: ScalarExpression) -> ScalarExpression { .init(.maximum, [a, b]) }
/// The lesser of two; where they tie the derivative goes to `b`.
public func min(_ a: ScalarExpression, _ b: ScalarExpression) -> ScalarExpression { .init(.minimum, [a, b]) }
/// 1 where `a > b`, else 0; its derivative is 0.
public func greater(_ a: ScalarExpression, _ b: ScalarExpression) -> ScalarExpression { .init(.greater, [a, b]) }
/// `a` where `condition` is not 0, else `b`.
public func select(
  _ condition: ScalarExpression, _ a: ScalarExpression, _ b: ScalarExpression
) -> ScalarExpression { .init(.select, [condition, a, b]) }
public func sigmoid(_ x: ScalarExpression) -> ScalarExpression { 1 / (1 + exp(-x)) }
public func relu(_ x: ScalarExpression) -> ScalarExpression { max(x, 0) }
