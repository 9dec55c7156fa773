import CPUShim
import Compute

extension CPUDevice {
  public func reduce(
    _ reduction: Reduction, _ program: ElementwiseProgram, _ inputs: [TensorView], scalars: [Double],
    domain: [Int], into outputs: [TensorView]
  ) {
    orTrap(try reduceRule(program, inputs, scalars: scalars, domain: domain, into: outputs))
    if domain.contains(0) {
      for output in outputs { fill(output, with: reduction.start) }
      return
    }
    launch(
      program.name, flop: (program.operationCount + outputs.count) * domain.reduce(1, *), reading: inputs,
      writing: outputs
    ) {
      var plan = cpu_reduction()
      plan.reduction = reduction.code
      let repeats = plan.arrange(inputs, domain: domain, outputs: outputs)
      let compiled = CompiledProgram(
        program, scalars: scalars, repeats: { repeats[$0] }, overlaps: { _, _ in false })
      compiled.withShimProgram { shimProgram in
        plan.program = shimProgram
        let tiles = Int(cpu_reduction_plan(&plan, Int64(outputs[0].elementType.byteCount)))
        withScratch(Int(plan.partial_count) * MemoryLayout<Double>.stride) { partials in
          plan.partials = partials.assumingMemoryBound(to: Double.self)
          run(plan, tiles: tiles, scratchBytes: compiled.scratchBytes, isDouble: outputs[0].elementType == .float64)
        }
      }
    }
  }

  private func run(_ plan: cpu_reduction, tiles: Int, scratchBytes: Int, isDouble: Bool) {
    withUnsafePointer(to: plan) { plan in
      runTiles(tiles, scratchBytes: scratchBytes) { tile, scratch in
        if isDouble {
          cpu_reduce_tile_double(plan, Int64(tile), scratch)
        } else {
          cpu_reduce_tile_float(plan, Int64(tile), scratch)
        }
      }
      guard plan.pointee.segments > 1 else { return }
      if isDouble { cpu_reduce_combine_double(plan) } else { cpu_reduce_combine_float(plan) }
    }
  }

  public func argReduce(_ reduction: Reduction, _ x: TensorView, into index: TensorView) {
    precondition(
      reduction != .sum && x.elementType.isReal && x.rank > 0 && x.shape[x.rank - 1] > 0
        && index.elementType == .int32 && index.isContiguous && index.shape == Array(x.shape.dropLast()),
      "argReduce: \(reduction) of \(x.elementType) \(x.shape) into \(index.elementType) \(index.shape)")
    launch("argReduce", reading: [x], writing: [index]) {
      let rows = index.elementCount
      let (count, stride) = (x.shape[x.rank - 1], x.strides[x.rank - 1])
      let nest = IterationSpace(shape: index.shape, strides: [Array(x.strides.dropLast())])
      let result = index.pointer.assumingMemoryBound(to: Int32.self)
      let rowsPerTile = max(Int(CPU_TILE) / count, 1)
      workers.run((rows + rowsPerTile - 1) / rowsPerTile) { tile, _ in
        for row in tile * rowsPerTile..<min((tile + 1) * rowsPerTile, rows) {
          let base = x.pointer + nest.offset(ofElement: row, operand: 0) * x.elementType.byteCount
          result[row] =
            x.elementType == .float64
            ? cpu_arg_reduce_double(
              base.assumingMemoryBound(to: Double.self), Int64(count), Int64(stride), reduction == .maximum)
            : cpu_arg_reduce_float(
              base.assumingMemoryBound(to: Float.self), Int64(count), Int64(stride), reduction == .maximum)
        }
      }
    }
  }
}

extension Reduction {
  /// What reducing nothing gives.
  fileprivate var start: Double {
    switch self {
    case .sum: 0
    case .maximum: -.infinity
    case .minimum: .infinity
    }
  }

  fileprivate var code: Int32 {
    switch self {
    case .sum: 0
    case .maximum: 1
    case .minimum: 2
    }
  }
}

extension IterationSpace {
  /// Where the element of row-major number `index` lies in an operand.
  fileprivate func offset(ofElement index: Int, operand: Int) -> Int {
    var rest = index
    var offset = 0
    for axis in shape.indices.reversed() {
      offset += rest % shape[axis] * strides[operand][axis]
      rest /= shape[axis]
    }
    return offset
  }
}

extension cpu_reduction {
  /// A row of so many elements is a task of its own, and may be cut.
  private static let longRow = 4096

  /// Chooses the form and sets axes, inputs and outputs; says of each input whether it is the same for every row.
  ///
  /// The output steps by 0 along reduced axes, so a kept axis and a reduced one never merge.
  fileprivate mutating func arrange(_ inputs: [TensorView], domain: [Int], outputs: [TensorView]) -> [Bool] {
    let output = outputs[0]
    let outputStrides = domain.indices.map { output.shape[$0] == 1 ? 0 : output.strides[$0] }
    let nest = IterationSpace(
      shape: domain, strides: inputs.map { $0.broadcast(to: domain).strides } + [outputStrides])
    let toOutput = nest.strides[inputs.count]
    let inner = nest.shape.count - 1
    var kept = (0..<inner).filter { toOutput[$0] != 0 }
    var reduced = (0..<inner).filter { toOutput[$0] == 0 }
    let row: Int?
    if toOutput[inner] != 0 {
      form = Int32(CPU_COLUMNS.rawValue)
      row = reduced.popLast()
    } else if reduced.isEmpty, !kept.isEmpty, nest.shape[inner] < Self.longRow {
      form = Int32(CPU_ROWS.rawValue)
      row = kept.popLast()
    } else {
      form = Int32(CPU_ALL.rawValue)
      row = reduced.popLast()
    }
    precondition(kept.count + reduced.count <= Int(CPU_AXES), "reduce: over \(inner + 1) axes that do not merge")
    let outer = kept + reduced
    rows = row.map { Int64(nest.shape[$0]) } ?? 1
    columns = Int64(nest.shape[inner])
    kept_rank = Int32(kept.count)
    reduced_rank = Int32(reduced.count)
    store(kept.map { nest.shape[$0] }, in: &self.kept)
    store(reduced.map { nest.shape[$0] }, in: &self.reduced)
    store(kept.map { toOutput[$0] }, in: &output_outer)
    output_inner = Int64(form == Int32(CPU_ROWS.rawValue) ? row.map { toOutput[$0] } ?? 0 : toOutput[inner])
    for (index, view) in inputs.enumerated() {
      let strides = nest.strides[index]
      store(
        cpu_operand(
          view, outer: outer.map { strides[$0] }, row: row.map { strides[$0] } ?? 0, column: strides[inner]),
        at: index, in: &input)
    }
    for (index, view) in outputs.enumerated() {
      store(Optional(view.pointer), at: index, in: &self.output)
    }
    return inputs.indices.map { index in row.map { nest.strides[index][$0] == 0 } ?? false }
  }
}
