import Compute
import Kernels

extension OpenCLDevice {
  public func moments(_ x: TensorView, weights: TensorView?, mean: TensorView, variance: TensorView) {
    orTrap(try momentsRule(x, weights: weights, mean: mean, variance: variance))
    mean.buffer.markWritten()
    variance.buffer.markWritten()
    let (batch, rows, columns) = (x.shape[0], x.shape[1], x.shape[2])
    guard supports(x.elementType), columns > 0 else { return }
    let isDouble = x.elementType == .float64
    let columnLanes = Self.lanes(columns, atMost: Swift.min(64, groupSize))
    let rowLanes = Self.lanes(Swift.max(batch * rows, 1), atMost: groupSize / columnLanes)

    // Three numbers per chunk and column must fit one buffer.
    let mostChunks = Swift.max(1, information.largestAllocation / (3 * columns * x.elementType.byteCount))
    let preferred = rowLanes * Self.serialLength
    let wanted = Swift.min(mostChunks, 4096, Swift.max(1, (batch * rows + preferred - 1) / preferred))
    let chunk = Swift.max(1, (batch * rows + wanted - 1) / wanted)
    let chunks = Swift.max(1, (batch * rows + chunk - 1) / chunk)
    let partial = allocate(x.elementType, [3, chunks, columns])

    let isWeighted = weights != nil
    let weight = weights ?? x
    let signature = [columnLanes, rowLanes, isWeighted ? 1 : 0]
    let defines = [
      "#define COLUMNS \(columnLanes)", "#define ROW_LANES \(rowLanes)", "#define WEIGHTED \(isWeighted ? 1 : 0)",
    ]
    let group = columnLanes * rowLanes
    launch(
      "moments", KernelKey(source: .moments, function: "moments", isDouble: isDouble, signature: signature),
      defines: defines,
      [
        .int(batch), .int(rows), .int(columns), .int(chunk), .buffer(x.buffer), .int(x.offset), .int(x.strides[0]),
        .int(x.strides[1]), .buffer(weight.buffer), .int(weight.offset), .buffer(partial.buffer),
      ],
      global: [(columns + columnLanes - 1) / columnLanes * group, chunks], local: [group, 1],
      flop: 8 * x.elementCount, byteCount: Self.distinctByteCount(x))
    let size = grid(columns)
    launch(
      "moments.merge", KernelKey(source: .moments, function: "mergeMoments", isDouble: isDouble, signature: signature),
      defines: defines,
      [
        .int(chunks), .int(columns), .buffer(partial.buffer), .buffer(mean.buffer), .int(mean.offset),
        .buffer(variance.buffer), .int(variance.offset),
      ],
      global: size.global, local: size.local, flop: 8 * chunks * columns, byteCount: Self.distinctByteCount(partial))
  }
}
