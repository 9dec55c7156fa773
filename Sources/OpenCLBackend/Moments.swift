import Compute
import Kernels

extension OpenCLDevice {
  public func moments(_ x: TensorView, weights: TensorView?, mean: TensorView, variance: TensorView) {
    orTrap(try momentsRule(x, weights: weights, mean: mean, variance: variance))
    mean.buffer.markWritten()
    variance.buffer.markWritten()
    guard supports(x.elementType) else { return }
    // Three numbers per column must fit one buffer; wider matrices go by slices of columns.
    let most = Swift.max(1, information.largestAllocation / (3 * x.elementType.byteCount))
    for first in stride(from: 0, to: x.shape[2], by: most) {
      let range = first..<Swift.min(first + most, x.shape[2])
      enqueueMoments(
        x.sliced(axis: 2, range), weights: weights, mean: mean.sliced(axis: 0, range),
        variance: variance.sliced(axis: 0, range))
    }
  }

  private func enqueueMoments(_ x: TensorView, weights: TensorView?, mean: TensorView, variance: TensorView) {
    let (batch, rows, columns) = (x.shape[0], x.shape[1], x.shape[2])
    let isDouble = x.elementType == .float64
    let width = Self.lanes(columns, atMost: Swift.min(32, groupSize))
    let lanes = groupSize / width

    let mostChunks = Swift.max(1, information.largestAllocation / (3 * columns * x.elementType.byteCount))
    let (chunk, chunks) = Self.chunks(
      of: batch * rows, lanes: lanes, groups: (columns + width - 1) / width, atMost: Swift.min(mostChunks, 4096))
    let partial = allocate(x.elementType, [3, chunks, columns])

    let isWeighted = weights != nil
    let weight = weights ?? x
    let index = Self.index(counting: batch * rows)
    let signature = [isWeighted ? 1 : 0, index.code]
    let defines = ["#define GROUP \(groupSize)", index.define, "#define WEIGHTED \(isWeighted ? 1 : 0)"]
    launch(
      "moments", KernelKey(source: .moments, function: "moments", isDouble: isDouble, signature: signature),
      defines: defines,
      [
        .int(batch), .int(rows), .int(columns), .int(chunk), .int(lanes), .buffer(x.buffer), .int(x.offset),
        .int(x.strides[0]),
        .int(x.strides[1]), .buffer(weight.buffer), .int(weight.offset), .buffer(partial.buffer),
      ],
      global: [(columns + width - 1) / width * groupSize, chunks], local: [groupSize, 1],
      flop: 8 * x.elementCount, byteCount: Self.distinctByteCount(x))
    launch(
      "moments.merge", KernelKey(source: .moments, function: "mergeMoments", isDouble: isDouble, signature: signature),
      defines: defines,
      [
        .int(chunks), .int(columns), .int(lanes), .buffer(partial.buffer), .buffer(mean.buffer), .int(mean.offset),
        .buffer(variance.buffer), .int(variance.offset),
      ],
      global: [(columns + width - 1) / width * groupSize], local: [groupSize], flop: 8 * chunks * columns,
      byteCount: Self.distinctByteCount(partial))
  }
}
