import Compute
import Foundation

/// What operations should give, as naive loops in Double.
public enum Oracle {
  /// Runs a program at one element.
  public static func evaluate(_ program: ElementwiseProgram, _ inputs: [Double], scalars: [Double] = []) -> [Double] {
    var values: [Double] = []
    for step in program.steps {
      let x = step.operands.map { values[$0] }
      let value: Double =
        switch step.function {
        case .input(let index): inputs[index]
        case .scalar(let index): scalars[index]
        case .constant(let constant): constant
        case .add: x[0] + x[1]
        case .subtract: x[0] - x[1]
        case .multiply: x[0] * x[1]
        case .divide: x[0] / x[1]
        // Comparisons with NaN are false, so NaN in the first operand comes through, in the second not.
        case .maximum: x[0] < x[1] ? x[1] : x[0]
        case .minimum: x[1] < x[0] ? x[1] : x[0]
        case .greater: x[0] > x[1] ? 1 : 0
        case .negate: -x[0]
        case .absolute: abs(x[0])
        case .sign: x[0] > 0 ? 1 : x[0] < 0 ? -1 : 0
        case .squareRoot: x[0].squareRoot()
        case .exponential: Foundation.exp(x[0])
        case .logarithm: Foundation.log(x[0])
        case .tanh: Foundation.tanh(x[0])
        case .floor: x[0].rounded(.down)
        case .select: x[0] != 0 ? x[1] : x[2]
        }
      values.append(value)
    }
    return program.outputs.map { values[$0] }
  }

  /// `map`: one tensor of `shape` per output.
  public static func map(
    _ program: ElementwiseProgram, _ inputs: [HostTensor], scalars: [Double] = [], shape: [Int]
  ) -> [HostTensor] {
    var results = program.outputs.map { _ in HostTensor(shape, repeating: 0) }
    for (position, index) in indices(of: shape).enumerated() {
      let values = evaluate(program, inputs.map { $0[broadcasting: index] }, scalars: scalars)
      for k in results.indices { results[k].values[position] = values[k] }
    }
    return results
  }

  /// `reduce`: one tensor of `shape` per output, 1 on the reduced axes.
  public static func reduce(
    _ reduction: Reduction, _ program: ElementwiseProgram, _ inputs: [HostTensor], scalars: [Double] = [],
    domain: [Int], shape: [Int]
  ) -> [SummedTensor] {
    var results = program.outputs.map { _ in SummedTensor(shape) }
    let start: Double = [.sum: 0, .maximum: -.infinity, .minimum: .infinity][reduction]!
    for k in results.indices { results[k].tensor = HostTensor(shape, repeating: start) }
    for index in indices(of: domain) {
      let values = evaluate(program, inputs.map { $0[broadcasting: index] }, scalars: scalars)
      var position = 0
      for axis in shape.indices { position = position * shape[axis] + (shape[axis] == 1 ? 0 : index[axis]) }
      for (k, value) in values.enumerated() {
        let old = results[k].tensor.values[position]
        results[k].tensor.values[position] =
          switch reduction {
          case .sum: old + value
          case .maximum: Swift.max(old, value)
          case .minimum: Swift.min(old, value)
          }
        results[k].magnitude[position] += abs(value)
      }
    }
    return results
  }
}
