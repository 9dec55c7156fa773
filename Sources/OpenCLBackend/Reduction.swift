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

  /// Cuts `count` elements, which `lanes` work-items of a group combine, into chunks for as many groups.
  ///
  /// A lane combines 16 to 128 elements one after the other: as many as still leave work for 512 groups, since each waits
  /// for memory. More where chunks would be too many. A function of the shape and of the device's limits alone.
  ///
  /// - Parameter groups: the groups that one chunk takes.
  static func chunks(of count: Int, lanes: Int, groups: Int, atMost most: Int) -> (length: Int, count: Int) {
    let serial = Swift.min(Swift.max(count * groups / (lanes * 512), 16), 128)
    let isShort = count <= lanes * 64
    let wanted = isShort ? 1 : (count + lanes * serial - 1) / (lanes * serial)
    let length = Swift.max(1, (count + Swift.min(wanted, most) - 1) / Swift.min(wanted, most))
    return (length, Swift.max(1, (count + length - 1) / length))
  }

  /// The integers that a kernel counts elements with.
  static func index(counting count: Int) -> (code: Int, define: String) {
    count <= Int(Int32.max) ? (0, "#define INDEX int") : (1, "#define INDEX long")
  }

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
    let lanes =
      keptIsFast
      ? groupSize / Self.lanes(kept.elementCount, atMost: Swift.min(32, groupSize))
      : Self.lanes(reduced.elementCount, atMost: groupSize)
    let keptPerGroup = groupSize / lanes

    // The chunks' results must fit one buffer, and the second dimension of a grid is short on some drivers.
    let resultBytes = kept.elementCount * elementType.byteCount
    let mostChunks = Swift.min(32_768, Swift.max(1, information.largestAllocation / resultBytes))
    let groups = (kept.elementCount + keptPerGroup - 1) / keptPerGroup
    let (chunk, chunks) = Self.chunks(of: reduced.elementCount, lanes: lanes, groups: groups, atMost: mostChunks)
    let results =
      chunks == 1 ? outputs : outputs.map { _ in allocate(elementType, [chunks, kept.elementCount]) }

    // Kept axes first, reduced axes last, in one list that is padded between them to a rank of few.
    let exact = kept.shape.count + reduced.shape.count
    let rank = [2, 4, 7].first { $0 >= exact } ?? exact
    let padding = rank - exact
    func axes(_ kept: [Int], _ reduced: [Int], _ fill: Int) -> [Int] {
      kept + [Int](repeating: fill, count: padding) + reduced
    }
    var plan = PlanBytes()
    plan.append(kept.shape.count + padding)
    plan.append(axes(kept.shape, reduced.shape, 1))
    for (kept, reduced) in zip(kept.strides, reduced.strides) { plan.append(axes(kept, reduced, 0)) }
    if inputs.isEmpty { plan.append([Int](repeating: 0, count: rank)) }
    plan.append(inputs.isEmpty ? [0] : inputs.map(\.offset))
    plan.append(results.map(\.offset))
    plan.append([kept.elementCount, reduced.elementCount, chunk, lanes, keptIsFast ? 1 : 0])
    plan.finish(scalars: scalars, elementType)
    if plan.bytes.count + 8 * (inputs.count + outputs.count) > description.parameterByteCount, exact > 2 {
      // Too many operands of too many axes for one launch's arguments: lay the inputs out in the order of the walk.
      let order = keptAxes + reducedAxes
      let shape = order.map { domain[$0] }
      let copies = inputs.map { input -> TensorView in
        let copied = allocate(input.elementType, shape)
        copy(
          TensorView(
            buffer: input.buffer, elementType: input.elementType, shape: shape,
            strides: order.map { input.strides[$0] },
            offset: input.offset), to: copied)
        return copied
      }
      return enqueueReduce(
        reduction, program, copies, scalars: scalars, domain: shape,
        into: outputs.map { $0.reshaped(order.map { outputs[0].shape[$0] }) })
    }

    let code = [Reduction.sum: 0, .maximum: 1, .minimum: 2][reduction] ?? 0
    let index = Self.index(counting: Swift.max(kept.elementCount, reduced.elementCount))
    let key = KernelKey(
      source: .reduce, function: "reduce", isDouble: isDouble, program: program,
      signature: [code, rank, index.code] + inputs.map { Int($0.elementType.rawValue) })
    launch(
      program.name, key,
      defines: Self.operandDefines(program, inputs) + [
        "#define GROUP \(groupSize)", index.define, "#define RANK \(rank)", "#define REDUCTION \(code)",
      ],
      [.bytes(plan.bytes)] + (inputs + results).map { .buffer($0.buffer) },
      global: [groups * groupSize, chunks], local: [groupSize, 1],
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
    let rowsPerGroup = groupSize / lanes
    var plan = PlanBytes()
    plan.append(IterationSpace.maximumRank - space.shape.count)
    plan.append(space.padded.shape)
    plan.append(space.padded.strides[0])
    plan.append([x.offset, rows, columns, x.strides[x.rank - 1], index.offset, lanes])
    let isLeast = reduction == .minimum
    launch(
      "argReduce",
      KernelKey(
        source: .argReduce, function: "argReduce", isDouble: x.elementType == .float64, signature: [isLeast ? 1 : 0]),
      defines: ["#define GROUP \(groupSize)", "#define LEAST \(isLeast ? 1 : 0)"],
      [.bytes(plan.bytes), .buffer(x.buffer), .buffer(index.buffer)],
      global: [(rows + rowsPerGroup - 1) / rowsPerGroup * groupSize], local: [groupSize],
      flop: x.elementCount, byteCount: Self.distinctByteCount(x) + Self.distinctByteCount(index))
  }
}
