public protocol ElementwiseOperations: AnyObject, Sendable {
  /// Evaluates a program at every element: one fused kernel for a whole arithmetic chain.
  ///
  /// - Parameters:
  ///   - inputs: one per program input; each broadcasts to the outputs' shape. Real inputs have the
  ///     outputs' element type; int32, int64 and uint8 inputs are converted.
  ///   - scalars: one per program scalar.
  ///   - outputs: one per program output, all of one shape and real type, any strides without zeros.
  ///     An output may be the same view as an input; other overlaps are not allowed.
  func map(
    _ program: ElementwiseProgram, _ inputs: [TensorView], scalars: [Double], into outputs: [TensorView])
}

extension ElementwiseOperations {
  public func map(_ program: ElementwiseProgram, _ inputs: [TensorView], into outputs: [TensorView]) {
    map(program, inputs, scalars: [], into: outputs)
  }
}

/// The contract of `map`, as a pure rule.
public func mapRule(
  _ program: ElementwiseProgram, _ inputs: [TensorView], scalars: [Double], into outputs: [TensorView]
) throws {
  try elementwiseRule(program, inputs, scalars: scalars, outputs: outputs)
  let shape = outputs[0].shape
  for output in outputs where output.shape != shape {
    throw ComputeError(
      .shape, what: "\(program.name): outputs have shapes \(shape) and \(output.shape)",
      why: "one kernel walks all outputs together", mend: "give every output the same shape")
  }
  for output in outputs where zip(output.shape, output.strides).contains(where: { $0 > 1 && $1 == 0 }) {
    throw ComputeError(
      .shape, what: "\(program.name): an output of shape \(shape) has strides \(output.strides)",
      why: "several elements would be written to one place", mend: "allocate an output of the whole shape")
  }
  for (index, input) in inputs.enumerated() where !canBroadcast(input.shape, to: shape) {
    throw ComputeError(
      .shape, what: "\(program.name): input \(index) has shape \(input.shape), the output \(shape)",
      why: "an axis is repeated only when its size is 1",
      mend: "reshape the input so that its axes line up from the right")
  }
}

/// What `map` and `reduce` demand alike: counts and element types.
func elementwiseRule(
  _ program: ElementwiseProgram, _ inputs: [TensorView], scalars: [Double], outputs: [TensorView]
) throws {
  guard inputs.count == program.inputCount, scalars.count == program.scalarCount, outputs.count == program.outputs.count
  else {
    throw ComputeError(
      .shape,
      what: "\(program.name): got \(inputs.count) inputs, \(scalars.count) scalars, \(outputs.count) outputs",
      why: "the program has \(program.inputCount), \(program.scalarCount) and \(program.outputs.count)",
      mend: "pass one view per program input and output")
  }
  let type = outputs[0].elementType
  guard type.isReal, outputs.allSatisfy({ $0.elementType == type }) else {
    throw ComputeError(
      .shape, what: "\(program.name): outputs are \(outputs.map(\.elementType))",
      why: "a kernel computes in one real type", mend: "make every output float32 or every output float64")
  }
  for (index, input) in inputs.enumerated()
  where input.elementType == .bfloat16 || (input.elementType.isReal && input.elementType != type) {
    throw ComputeError(
      .shape, what: "\(program.name): input \(index) is \(input.elementType), the outputs are \(type)",
      why: "real types are never mixed silently", mend: "copy the input into a \(type) tensor first")
  }
}

func canBroadcast(_ shape: [Int], to target: [Int]) -> Bool {
  shape.count <= target.count
    && zip(shape.reversed(), target.reversed()).allSatisfy { $0 == $1 || $0 == 1 }
}
