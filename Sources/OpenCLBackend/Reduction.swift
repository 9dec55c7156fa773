import Compute
import Kernels

extension OpenCLDevice {
  public func reduce(
    _ reduction: Reduction, _ program: ElementwiseProgram, _ inputs: [TensorView], scalars: [Double],
    domain: [Int], into outputs: [TensorView]
  ) {
    orTrap(try reduceRule(program, inputs, scalars: scalars, domain: domain, into: outputs))
    for output in outputs { output.buffer.markWritten() }
    guard supports(outputs[0].elementType), !outputs[0].isEmpty else { return }
    enqueueReduce(
      reduction, program, inputs.map { $0.broadcast(to: domain) }, scalars: scalars, domain: domain, into: outputs)
  }

  /// How many elements one lane adds one after the other: more make longer chunks, fewer a shorter chain of roundings.
  static let serialLength = 128

  private func enqueueReduce(
    _ reduction: Reduction, _ program: ElementwiseProgram, _ inputs: [TensorView], scalars: [Double],
    domain: [Int], into outputs: [TensorView]
  ) {
    let elementType = outputs[0].elementType
    let isDouble = elementType == .float64
    // An axis of size 1 in the outputs is reduced; where the domain has size 1 too, it makes no difference.
    let keptAxes = domain.indices.filter { outputs[0].shape[$0] != 1 }
    let reducedAxes = domain.indices.filter { outputs[0].shape[$0] == 1 }
    let kept = IterationSpace(
      shape: keptAxes.map { domain[$0] }, strides: inputs.map { view in keptAxes.map { view.strides[$0] } })
    let reduced = IterationSpace(
      shape: reducedAxes.map { domain[$0] }, strides: inputs.map { view in reducedAxes.map { view.strides[$0] } })
    precondition(
      kept.shape.count + reduced.shape.count <= IterationSpace.maximumRank + 1,
      "\(program.name): the axes of \(domain) do not merge")

    // Neighbouring work-items walk the domain's last axis, kept or reduced.
    let keptIsFast = (keptAxes.last { domain[$0] != 1 } ?? -1) > (reducedAxes.last { domain[$0] != 1 } ?? -1)
    let reducedLanes: Int
    let keptLanes: Int
    if keptIsFast {
      let columns = Self.lanes(kept.elementCount, atMost: Swift.min(64, groupSize))
      reducedLanes = Self.lanes(reduced.elementCount, atMost: groupSize / columns)
      keptLanes = columns
    } else {
      reducedLanes = Self.lanes(reduced.elementCount, atMost: groupSize)
      keptLanes = Self.lanes(kept.elementCount, atMost: groupSize / reducedLanes)
    }

    // The chunks' results must fit one buffer, and the second dimension of a grid is short on some drivers.
    let resultBytes = kept.elementCount * elementType.byteCount
    let mostChunks = Swift.min(32_768, Swift.max(1, information.largestAllocation / resultBytes))
    let preferred = reducedLanes * Self.serialLength
    let wanted = Swift.max(1, (reduced.elementCount + preferred - 1) / preferred)
    let chunk = Swift.max(1, (reduced.elementCount + Swift.min(wanted, mostChunks) - 1) / Swift.min(wanted, mostChunks))
    let chunks = Swift.max(1, (reduced.elementCount + chunk - 1) / chunk)
    let results =
      chunks == 1 ? outputs : outputs.map { _ in allocate(elementType, [chunks, kept.elementCount]) }

    var plan = PlanBytes()
    plan.append(kept.shape)
    plan.append(reduced.shape)
    let inputStrides = inputs.isEmpty ? [[Int]](repeating: [], count: 1) : []
    for strides in inputStrides + kept.strides { plan.append(strides.isEmpty ? kept.shape.map { _ in 0 } : strides) }
    for strides in inputStrides + reduced.strides {
      plan.append(strides.isEmpty ? reduced.shape.map { _ in 0 } : strides)
    }
    plan.append(inputs.isEmpty ? [0] : inputs.map(\.offset))
    plan.append(results.map(\.offset))
    plan.append([kept.elementCount, reduced.elementCount, chunk])
    plan.finish(scalars: scalars, elementType)

    let code = [Reduction.sum: 0, .maximum: 1, .minimum: 2][reduction] ?? 0
    let key = KernelKey(
      source: .reduce, function: "reduce", isDouble: isDouble, program: program,
      signature: [code, kept.shape.count, reduced.shape.count, keptLanes, reducedLanes, keptIsFast ? 1 : 0]
        + inputs.map { Int($0.elementType.rawValue) })
    let group = keptLanes * reducedLanes
    launch(
      program.name, key,
      defines: Self.operandDefines(program, inputs) + [
        "#define KEPT_RANK \(kept.shape.count)", "#define REDUCED_RANK \(reduced.shape.count)",
        "#define KEPT_LANES \(keptLanes)", "#define REDUCED_LANES \(reducedLanes)",
        "#define KEPT_IS_FAST \(keptIsFast ? 1 : 0)", "#define REDUCTION \(code)",
      ],
      [.bytes(plan.bytes)] + (inputs + results).map { .buffer($0.buffer) },
      global: [(kept.elementCount + keptLanes - 1) / keptLanes * group, chunks], local: [group, 1],
      flop: domain.reduce(1, *) * (program.operationCount + outputs.count),
      byteCount: (inputs + results).reduce(0) { $0 + Self.distinctByteCount($1) })

    guard chunks > 1 else { return }
    let combine = ElementwiseProgram("\(program.name).combine", inputs: outputs.count) { x, _ in x }
    enqueueReduce(
      reduction, combine, results, scalars: [], domain: [chunks, kept.elementCount],
      into: outputs.map { $0.reshaped([1, kept.elementCount]) })
  }

  public func argReduce(_ reduction: Reduction, _ x: TensorView, into index: TensorView) {
    precondition(reduction != .sum, "argReduce: a sum has no place; pass .maximum or .minimum")
    precondition(
      x.rank > 0 && x.shape[x.rank - 1] > 0 && x.elementType.isReal && index.elementType == .int32
        && index.shape == Array(x.shape.dropLast()) && index.isContiguous,
      "argReduce: x has shape \(x.shape) and type \(x.elementType), index \(index.shape) and \(index.elementType)")
    precondition(x.shape[x.rank - 1] < Int(Int32.max), "argReduce: an index of \(x.shape) does not fit int32")
    index.buffer.markWritten()
    guard supports(x.elementType), !index.isEmpty else { return }
    let space = IterationSpace(shape: index.shape, strides: [Array(x.strides.dropLast())])
    let columns = x.shape[x.rank - 1]
    let rows = index.elementCount
    let lanes = Self.lanes(columns, atMost: groupSize)
    let rowsPerGroup = Self.lanes(rows, atMost: groupSize / lanes)
    var plan = PlanBytes()
    plan.append(space.shape)
    plan.append(space.strides[0])
    plan.append([x.offset, rows, columns, x.strides[x.rank - 1], index.offset])
    let isLeast = reduction == .minimum
    launch(
      "argReduce",
      KernelKey(
        source: .argReduce, function: "argReduce", isDouble: x.elementType == .float64,
        signature: [space.shape.count, rowsPerGroup, lanes, isLeast ? 1 : 0]),
      defines: [
        "#define RANK \(space.shape.count)", "#define ROWS \(rowsPerGroup)", "#define LANES \(lanes)",
        "#define LEAST \(isLeast ? 1 : 0)",
      ],
      [.bytes(plan.bytes), .buffer(x.buffer), .buffer(index.buffer)],
      global: [(rows + rowsPerGroup - 1) / rowsPerGroup * rowsPerGroup * lanes], local: [rowsPerGroup * lanes],
      flop: x.elementCount, byteCount: Self.distinctByteCount(x) + Self.distinctByteCount(index))
  }
}
