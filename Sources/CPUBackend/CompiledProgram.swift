import CPUShim
import Compute

/// An `ElementwiseProgram` with a slot for every value: inputs, constants, outputs, then registers that are
/// used again as soon as their value is dead, so that few of them fill the cache.
///
/// Steady steps, which read nothing but constants and inputs that repeat from row to row, come first: they need not run
/// again for the next row, and keep their registers.
struct CompiledProgram {
  private let steps: [cpu_step]
  private let steadyStepCount: Int
  private let constants: [Double]
  private let results: [Int32]
  private let inputCount: Int
  private let slotCount: Int

  /// - Parameters:
  ///   - repeats: whether an input is the same for every row.
  ///   - overlaps: whether an input and an output may share memory. Such an output is written in place only by a step
  ///     after which nobody reads the input.
  init(
    _ program: ElementwiseProgram, scalars: [Double], repeats: (_ input: Int) -> Bool,
    overlaps: (_ input: Int, _ output: Int) -> Bool
  ) {
    let source = program.steps
    let (order, steadyCount) = Self.steadyFirst(source, repeats)
    let never = source.count
    var lastUse = [Int](repeating: -1, count: source.count)
    for (position, index) in order.enumerated() {
      for operand in source[index].operands { lastUse[operand] = position }
    }
    for index in program.outputs + order[..<steadyCount] { lastUse[index] = never }

    var constants: [Double] = []
    for step in source {
      switch step.function {
      case .constant(let value): constants.append(value)
      case .scalar(let index): constants.append(scalars[index])
      default: break
      }
    }
    let firstOutput = program.inputCount + constants.count
    let firstRegister = firstOutput + program.outputs.count

    var slot = [Int](repeating: 0, count: source.count)
    var nextConstant = program.inputCount
    var freeRegisters: [Int] = []
    var slotCount = firstRegister
    var steps: [cpu_step] = []
    var steadyStepCount = 0
    for (position, index) in order.enumerated() {
      let step = source[index]
      switch step.function {
      case .input(let input):
        slot[index] = input
        continue
      case .constant, .scalar:
        slot[index] = nextConstant
        nextConstant += 1
        continue
      default: break
      }
      let operands = step.operands.map { slot[$0] }
      for operand in Set(step.operands) where lastUse[operand] == position && slot[operand] >= firstRegister {
        freeRegisters.append(slot[operand])
      }
      if position < steadyCount { steadyStepCount += 1 }
      if position >= steadyCount, let output = program.outputs.firstIndex(of: index),
        source.indices.allSatisfy({ other in
          guard case .input(let input) = source[other].function else { return true }
          return lastUse[other] <= position || !overlaps(input, output)
        })
      {
        slot[index] = firstOutput + output
      } else if let register = freeRegisters.popLast() {
        slot[index] = register
      } else {
        slot[index] = slotCount
        slotCount += 1
      }
      steps.append(
        cpu_step(
          function: Self.code(step.function), destination: Int32(slot[index]),
          a: Int32(operands[0]), b: Int32(operands.count > 1 ? operands[1] : operands[0]),
          c: Int32(operands.count > 2 ? operands[2] : operands[0])))
    }
    precondition(slotCount <= Int(CPU_SLOTS), "\(program.name): needs \(slotCount) values at once")
    self.steps = steps
    self.steadyStepCount = steadyStepCount
    self.constants = constants
    self.results = program.outputs.map { Int32(slot[$0]) }
    self.inputCount = program.inputCount
    self.slotCount = slotCount
  }

  /// What a worker needs to run the program: one block per slot.
  var scratchBytes: Int { slotCount * Int(CPU_BLOCK_BYTES) }

  /// Lends the program in the form that the shim takes.
  func withShimProgram<Result>(_ body: (cpu_program) -> Result) -> Result {
    steps.withUnsafeBufferPointer { steps in
      constants.withUnsafeBufferPointer { constants in
        var program = cpu_program()
        program.steps = steps.baseAddress
        program.constants = constants.baseAddress
        program.step_count = Int32(steps.count)
        program.steady_step_count = Int32(steadyStepCount)
        program.input_count = Int32(inputCount)
        program.constant_count = Int32(constants.count)
        program.output_count = Int32(results.count)
        program.slot_count = Int32(slotCount)
        for (index, result) in results.enumerated() { store(result, at: index, in: &program.result) }
        return body(program)
      }
    }
  }

  /// An order of the steps with the steady ones, inputs and constants among them, in front; how many they are.
  private static func steadyFirst(
    _ steps: [ElementwiseProgram.Step], _ repeats: (_ input: Int) -> Bool
  ) -> (order: [Int], steadyCount: Int) {
    var isSteady: [Bool] = []
    for step in steps {
      if case .input(let input) = step.function {
        isSteady.append(repeats(input))
      } else {
        isSteady.append(step.operands.allSatisfy { isSteady[$0] })
      }
    }
    let steady = steps.indices.filter { isSteady[$0] }
    return (steady + steps.indices.filter { !isSteady[$0] }, steady.count)
  }

  private static func code(_ function: ScalarFunction) -> Int32 {
    let code: cpu_function =
      switch function {
      case .add: CPU_ADD
      case .subtract: CPU_SUBTRACT
      case .multiply: CPU_MULTIPLY
      case .divide: CPU_DIVIDE
      case .maximum: CPU_MAXIMUM
      case .minimum: CPU_MINIMUM
      case .greater: CPU_GREATER
      case .negate: CPU_NEGATE
      case .absolute: CPU_ABSOLUTE
      case .sign: CPU_SIGN
      case .squareRoot: CPU_SQUARE_ROOT
      case .exponential: CPU_EXPONENTIAL
      case .logarithm: CPU_LOGARITHM
      case .tanh: CPU_TANH
      case .floor: CPU_FLOOR
      case .select: CPU_SELECT
      case .input, .scalar, .constant: preconditionFailure("\(function) is a slot, not a step")
      }
    return Int32(code.rawValue)
  }
}
