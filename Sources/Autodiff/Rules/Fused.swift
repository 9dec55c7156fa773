/// Evaluates an arithmetic chain at every element, in one kernel.
///
/// Inputs broadcast together. The derivative comes from the same expression; a broadcast input's gradient is summed
/// over the repeated axes in the kernel that computes it.
/// - Parameter scalars: numbers that may change from call to call without a new kernel.
public func fused(
  _ name: String, _ inputs: [Tensor], scalars: [Double] = [],
  _ body: (_ inputs: [ScalarExpression], _ scalars: [ScalarExpression]) -> ScalarExpression
) -> Tensor {
  let program = ElementwiseProgram(name, inputs: inputs.count, scalars: scalars.count) { x, s in [body(x, s)] }
  let device = inputs[0].device
  let shape = orTrap(try broadcastShape(name, inputs.map(\.shape)))
  let elementType = realType(inputs)
  let result = device.allocate(elementType, shape)
  device.map(program, inputs.map(\.view), scalars: scalars, into: [result])
  return recordingFused(program, result, inputs, scalars: scalars, domain: shape)
}

public func fused(_ name: String, _ x: Tensor, _ body: (ScalarExpression) -> ScalarExpression) -> Tensor {
  fused(name, [x]) { x, _ in body(x[0]) }
}

public func fused(
  _ name: String, _ x: Tensor, _ y: Tensor, _ body: (ScalarExpression, ScalarExpression) -> ScalarExpression
) -> Tensor {
  fused(name, [x, y]) { x, _ in body(x[0], x[1]) }
}

public func fused(
  _ name: String, _ x: Tensor, _ y: Tensor, _ z: Tensor,
  _ body: (ScalarExpression, ScalarExpression, ScalarExpression) -> ScalarExpression
) -> Tensor {
  fused(name, [x, y, z]) { x, _ in body(x[0], x[1], x[2]) }
}

/// Evaluates arithmetic chains at every element and sums each over all elements: losses.
///
/// - Returns: one tensor of shape `[1]` per expression.
public func fusedSum(
  _ name: String, _ inputs: [Tensor], scalars: [Double] = [],
  _ body: (_ inputs: [ScalarExpression], _ scalars: [ScalarExpression]) -> [ScalarExpression]
) -> [Tensor] {
  let program = ElementwiseProgram(name, inputs: inputs.count, scalars: scalars.count, body)
  let device = inputs[0].device
  let shape = orTrap(try broadcastShape(name, inputs.map(\.shape)))
  let ones = shape.map { _ in 1 }
  let views = inputs.map(\.view)
  let sums = program.outputs.map { _ in device.allocate(realType(inputs), ones) }
  device.reduce(.sum, program, views, scalars: scalars, domain: shape, into: sums)
  // One node per sum: its pullback is the gradient of that expression alone.
  return sums.indices.map { k in
    recordingFused(program.output(k), sums[k].reshaped([1]), inputs, scalars: scalars, domain: shape)
  }
}

/// Evaluates an arithmetic chain at every element and sums along one axis, which stays with size 1.
public func fusedSum(
  _ name: String, _ inputs: [Tensor], scalars: [Double] = [], alongAxis axis: Int,
  _ body: (_ inputs: [ScalarExpression], _ scalars: [ScalarExpression]) -> ScalarExpression
) -> Tensor {
  let program = ElementwiseProgram(name, inputs: inputs.count, scalars: scalars.count) { x, s in [body(x, s)] }
  let device = inputs[0].device
  let domain = orTrap(try broadcastShape(name, inputs.map(\.shape)))
  var shape = domain
  shape[axis] = 1
  let result = device.allocate(realType(inputs), shape)
  device.reduce(.sum, program, inputs.map(\.view), scalars: scalars, domain: domain, into: [result])
  return recordingFused(program, result, inputs, scalars: scalars, domain: domain)
}

/// Records a program's only output; saves just the inputs that some derivative reads.
private func recordingFused(
  _ program: ElementwiseProgram, _ result: TensorView, _ inputs: [Tensor], scalars: [Double], domain: [Int]
) -> Tensor {
  let derivatives = fusedDerivatives(program, inputs, domain: domain)
  guard !derivatives.isEmpty else { return Tensor(result, on: inputs[0].device) }
  let needed = inputs.indices.filter { index in derivatives.contains { $0.program.reads(input: index) } }
  let inputCount = inputs.count
  return .recording(program.name, result, from: inputs, saving: needed.map { inputs[$0].view }) { gradients, saved in
    // An input that no derivative reads is stood in for by the upstream, so that the numbering stays.
    var views = [TensorView](repeating: gradients.upstream, count: inputCount)
    for (index, view) in zip(needed, saved) { views[index] = view }
    for derivative in derivatives {
      derivative.pass(views + [gradients.upstream], scalars: scalars, domain: domain, gradients)
    }
  }
}

/// The gradients of some inputs that one kernel computes: as large as the domain by a map, or all repeated along the
/// same axes, by a reduction over these.
private struct FusedDerivative {
  let inputs: [Int]
  let shapes: [[Int]]
  /// The shape of the inputs with as many axes as the domain.
  let aligned: [Int]
  let program: ElementwiseProgram

  func pass(_ operands: [TensorView], scalars: [Double], domain: [Int], _ gradients: Gradients) {
    let device = gradients.device
    let results = shapes.map { device.allocate(gradients.upstream.elementType, $0) }
    let views = results.map { $0.reshaped(aligned) }
    if aligned == domain {
      device.map(program, operands, scalars: scalars, into: views)
    } else {
      device.reduce(.sum, program, operands, scalars: scalars, domain: domain, into: views)
    }
    for (input, result) in zip(inputs, results) { gradients.pass(input, result) }
  }
}

private func fusedDerivatives(
  _ program: ElementwiseProgram, _ inputs: [Tensor], domain: [Int]
) -> [FusedDerivative] {
  func aligned(_ shape: [Int]) -> [Int] { [Int](repeating: 1, count: domain.count - shape.count) + shape }
  let recorded = inputs.indices.filter { inputs[$0].isRecorded }
  var groups: [[Int]] = []
  for input in recorded {
    let shape = aligned(inputs[input].shape)
    let open = groups.firstIndex {
      aligned(inputs[$0[0]].shape) == shape && $0.count < ElementwiseProgram.maximumOutputs
    }
    if let open { groups[open].append(input) } else { groups.append([input]) }
  }
  return groups.map { group in
    FusedDerivative(
      inputs: group, shapes: group.map { inputs[$0].shape }, aligned: aligned(inputs[group[0]].shape),
      program: program.gradient(ofInputs: group))
  }
}

/// The type that a program over these inputs computes in: integer inputs are converted to it.
private func realType(_ inputs: [Tensor]) -> ElementType {
  inputs.first { $0.elementType.isReal }?.elementType ?? .float32
}

/// The shape that all of `shapes` broadcast to.
public func broadcastShape(_ name: String, _ shapes: [[Int]]) throws -> [Int] {
  let rank = shapes.map(\.count).max() ?? 0
  var result = [Int](repeating: 1, count: rank)
  for shape in shapes {
    for (axis, size) in zip((rank - shape.count)..<rank, shape) where size != 1 {
      guard result[axis] == 1 || result[axis] == size else {
        throw ComputeError(
          .shape, what: "\(name): shapes \(shapes) do not go together",
          why: "axis \(axis) is \(result[axis]) in one and \(size) in another",
          mend: "reshape the inputs so that their axes line up from the right")
      }
      result[axis] = size
    }
  }
  return result
}
