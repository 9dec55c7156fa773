import Compute
import Kernels

extension OpenCLDevice {
  public func map(
    _ program: ElementwiseProgram, _ inputs: [TensorView], scalars: [Double], into outputs: [TensorView]
  ) {
    orTrap(try mapRule(program, inputs, scalars: scalars, into: outputs))
    for output in outputs { output.buffer.markWritten() }
    guard supports(outputs[0].elementType), !outputs[0].isEmpty else { return }
    enqueueMap(program, inputs.map { $0.broadcast(to: outputs[0].shape) }, scalars: scalars, into: outputs)
  }

  private func enqueueMap(
    _ program: ElementwiseProgram, _ inputs: [TensorView], scalars: [Double], into outputs: [TensorView]
  ) {
    let elementType = outputs[0].elementType
    let operands = inputs + outputs
    let space = IterationSpace(shape: outputs[0].shape, views: operands)
    let exact = space.shape.count
    let rank = [1, 2, 4].first { $0 >= exact } ?? IterationSpace.maximumRank
    let (shape, strides) = space.padded(to: rank)
    var plan = PlanBytes()
    plan.append(shape)
    for strides in strides { plan.append(strides) }
    plan.append(operands.map(\.offset))
    let inner = shape[rank - 1]
    let outer = space.elementCount / inner
    plan.append(outer)
    plan.finish(scalars: scalars, elementType)
    if plan.bytes.count + 8 * operands.count > description.parameterByteCount, exact > 1 {
      // Too many operands of too many axes for one launch's arguments: walk the first axis here.
      let axis = outputs[0].shape.firstIndex { $0 != 1 } ?? 0
      for index in 0..<outputs[0].shape[axis] {
        enqueueMap(
          program, inputs.map { $0.selecting(axis: axis, index) }, scalars: scalars,
          into: outputs.map { $0.selecting(axis: axis, index) })
      }
      return
    }
    // Strides of 1 and 0 are constants of the kernel, so that compilers see plain runs.
    let isPlain = strides.allSatisfy { $0[rank - 1] == 0 || $0[rank - 1] == 1 }
    let innerStrides = strides.map { isPlain ? $0[rank - 1] : 2 }
    let index = Self.index(counting: space.elementCount)
    let key = KernelKey(
      source: .map, function: "map", isDouble: elementType == .float64, program: program,
      signature: [rank, index.code] + innerStrides + inputs.map { Int($0.elementType.rawValue) })
    let size = grid(inner: inner, outer: outer, items: Self.itemsPerWorkItem)
    launch(
      program.name, key,
      defines: Self.operandDefines(program, inputs) + [
        index.define, "#define RANK \(rank)", "#define OPERANDS \(operands.count)",
        "#define ITEMS \(Self.itemsPerWorkItem)",
      ]
        + innerStrides.enumerated().map { k, stride in
          let name = k < inputs.count ? "INNER\(k)" : "INNER_OUT\(k - inputs.count)"
          return "#define \(name) \(stride == 2 ? "plan.stride[\(k)][RANK - 1]" : "\(stride)")"
        },
      [.bytes(plan.bytes)] + operands.map { .buffer($0.buffer) },
      global: size.global, local: size.local, flop: space.elementCount * program.operationCount,
      byteCount: operands.reduce(0) { $0 + Self.distinctByteCount($1) })
  }

  static let itemsPerWorkItem = 4

  /// What map and reduce define alike: their inputs, scalars and arithmetic.
  static func operandDefines(_ program: ElementwiseProgram, _ inputs: [TensorView]) -> [String] {
    precondition(program.scalarCount <= 8, "\(program.name): \(program.scalarCount) scalars; a kernel takes 8")
    return [
      "#define INPUTS \(program.inputCount)", "#define SCALARS \(program.scalarCount)",
      "#define OUTPUTS \(program.outputs.count)",
      "#define BODY \(program.openCLBody.split(separator: "\n").joined(separator: " "))",
    ] + inputs.enumerated().map { "#define TYPE\($0) \($1.elementType.openCLName)" }
      + program.outputs.enumerated().map { "#define OUT\($0) v\($1)" }
  }

  /// The bytes that a pass over a view reads or writes at least: a broadcast element counts once.
  static func distinctByteCount(_ view: TensorView) -> Int {
    zip(view.shape, view.strides).reduce(view.elementType.byteCount) { $1.1 == 0 ? $0 : $0 * $1.0 }
  }
}
