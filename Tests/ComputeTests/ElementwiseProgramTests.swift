import Compute
import TestSupport
import Testing

/// Programs are values: what is computed once, what is equal, and what their derivatives are.
struct ElementwiseProgramTests {
  @Test func equalSubexpressionsShareAStep() {
    let program = ElementwiseProgram("square", inputs: 1) { x, _ in [(x[0] + 1) * (x[0] + 1), x[0] + 1] }
    #expect(program.steps.count == 4)
    #expect(program.operationCount == 2)
    #expect(program.outputs == [3, 2])
  }

  @Test func identityIgnoresTheNameOnly() {
    let a = ElementwiseProgram("a", inputs: 2) { x, _ in [x[0] * x[1]] }
    let b = ElementwiseProgram("b", inputs: 2) { x, _ in [x[0] * x[1]] }
    let swapped = ElementwiseProgram("a", inputs: 2) { x, _ in [x[1] * x[0]] }
    let wider = ElementwiseProgram("a", inputs: 3) { x, _ in [x[0] * x[1]] }
    #expect(a == b)
    #expect(a.hashValue == b.hashValue)
    #expect(a != swapped)
    #expect(a != wider)
  }

  @Test func constantsDifferBySignOfZeroAndNaNEqualsItself() {
    func program(_ constant: Double) -> ElementwiseProgram {
      ElementwiseProgram("constant", inputs: 0) { _, _ in [ScalarExpression(constant)] }
    }
    #expect(program(0) != program(-0.0))
    #expect(program(.nan) == program(.nan))
    let both = ElementwiseProgram("zeros", inputs: 0) { _, _ in [0, ScalarExpression(-0.0)] }
    #expect(Oracle.evaluate(both, []).map(\.sign) == [.plus, .minus])
  }

  @Test func anUnusedInputHasGradientZero() {
    let program = ElementwiseProgram("first", inputs: 2) { x, _ in [x[0]] }
    #expect(Oracle.evaluate(program.gradient(ofInputs: [1, 0]), [3, 4, 5]) == [0, 5])
  }

  @Test func tiesGiveTheDerivativeToTheSecondOperand() {
    let ramp = ElementwiseProgram("relu", inputs: 1) { x, _ in [relu(x[0])] }
    #expect(Oracle.evaluate(ramp.gradient(ofInputs: [0]), [0, 1]) == [0])
    let minimum = ElementwiseProgram("minimum", inputs: 2) { x, _ in [min(x[0], x[1])] }
    #expect(Oracle.evaluate(minimum.gradient(ofInputs: [0, 1]), [2, 2, 1]) == [0, 1])
  }

  @Test func squareRootHasDerivativeZeroAtZero() {
    let program = ElementwiseProgram("sqrt", inputs: 1) { x, _ in [sqrt(x[0])] }
    #expect(Oracle.evaluate(program.gradient(ofInputs: [0]), [0, 1]) == [0])
  }

  @Test(arguments: ProgramCase.all)
  func gradientAgreesWithCentralDifferences(of example: ProgramCase) throws {
    let program = example.program
    var random = RandomSource(seed: 11)
    for _ in 0..<20 {
      let point = (0..<program.inputCount).map { _ in example.point(&random) }
      let scalars = random.signed(program.scalarCount)
      let upstream = random.signed(program.outputs.count)
      let gradient = Oracle.evaluate(
        program.gradient(ofInputs: Array(0..<program.inputCount)), point + upstream, scalars: scalars)
      try gradientCheck(at: [point], gradient: [gradient]) {
        dot(upstream, Oracle.evaluate(program, $0[0], scalars: scalars))
      }
    }
  }
}
