import CPUShim
import Compute

extension CPUDevice {
  /// An output of this size will have left the caches before anybody reads it.
  private static let streamedByteCount = 16 << 20

  public func map(
    _ program: ElementwiseProgram, _ inputs: [TensorView], scalars: [Double], into outputs: [TensorView]
  ) {
    orTrap(try mapRule(program, inputs, scalars: scalars, into: outputs))
    launch(
      program.name, flop: program.operationCount * outputs[0].elementCount, reading: inputs, writing: outputs
    ) {
      guard !outputs[0].isEmpty else { return }
      let nest = IterationSpace(shape: outputs[0].shape, views: inputs + outputs)
      let compiled = CompiledProgram(
        program, scalars: scalars, repeats: { nest.shape.count > 1 && nest.strides[$0][nest.shape.count - 2] == 0 },
        overlaps: { inputs[$0].buffer === outputs[$1].buffer })
      compiled.withShimProgram { shimProgram in
        var map = cpu_map()
        map.program = shimProgram
        map.space = cpu_space(nest)
        for (index, input) in inputs.enumerated() {
          store(cpu_operand(input, nest.strides[index]), at: index, in: &map.input)
        }
        for (index, output) in outputs.enumerated() {
          store(cpu_operand(output, nest.strides[inputs.count + index]), at: index, in: &map.output)
          let isLarge = output.elementCount * output.elementType.byteCount >= Self.streamedByteCount
          if isLarge, !inputs.contains(where: { $0.buffer === output.buffer }) { map.streams |= 1 << UInt32(index) }
        }
        let isDouble = outputs[0].elementType == .float64
        let tiles = Int(cpu_map_plan(&map, Int64(outputs[0].elementType.byteCount)))
        withUnsafePointer(to: map) { map in
          runTiles(tiles, scratchBytes: compiled.scratchBytes) { tile, scratch in
            if isDouble {
              cpu_map_tile_double(map, Int64(tile), scratch)
            } else {
              cpu_map_tile_float(map, Int64(tile), scratch)
            }
          }
        }
      }
    }
  }
}
