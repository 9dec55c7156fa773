import CPUShim
import Compute

/// An `ElementwiseProgram` with a slot for every value: inputs, constants, outputs, then registers that are
/// used again as soon as their value is dead, so that few of them fill the cache.
struct CompiledProgram {
  private let steps: [cpu_step]
  private let constants: [Double]
  private let results: [Int32]
  private let inputCount: Int
  private let slotCount: Int

  /// - Parameter overlaps: whether an input and an output may share memory. Such an output is written in place only
  ///   by a step after which nobody reads the input.
  init(_ program: ElementwiseProgram, scalars: [Double], overlaps: (_ input: Int, _ output: Int) -> Bool) {
    let source = program.steps
    let never = source.count
    var lastUse = [Int](repeating: -1, count: source.count)
    for (index, step) in source.enumerated() { for operand in step.operands { lastUse[operand] = index } }
    for output in program.outputs { lastUse[output] = never }

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
    for (index, step) in source.enumerated() {
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
      for operand in Set(step.operands) where lastUse[operand] == index && slot[operand] >= firstRegister {
        freeRegisters.append(slot[operand])
      }
      let output = program.outputs.firstIndex(of: index)
      if let output,
        source.indices.allSatisfy({ other in
          guard case .input(let input) = source[other].function else { return true }
          return lastUse[other] <= index || !overlaps(input, output)
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
        program.input_count = Int32(inputCount)
        program.constant_count = Int32(constants.count)
        program.output_count = Int32(results.count)
        program.slot_count = Int32(slotCount)
        for (index, result) in results.enumerated() { store(result, at: index, in: &program.result) }
        return body(program)
      }
    }
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
