import Compute
import Kernels

extension OpenCLDevice {
  public func gibbsKernel(
    _ similarity: TensorView, temperature: Double, into kernel: TensorView, rowScale: TensorView?,
    summing: WeightedColumnSums?
  ) {
    orTrap(
      try gibbsKernelRule(similarity, temperature: temperature, into: kernel, rowScale: rowScale, summing: summing))
    for view in [kernel, rowScale, summing?.sums] { view?.buffer.markWritten() }
    guard supports(similarity.elementType) else { return }
    let panels = KernelPanels(kernel, isShifted: rowScale != nil, groupSize: groupSize)
    let partial = summing.map { partialSums(panels, like: $0.sums) }
    launchPanels(
      "gibbsKernel", panels, similarity,
      [
        .int(panels.rows), .int(panels.columns), .buffer(similarity.buffer), .int(similarity.offset),
        .int(similarity.strides[0]), .int(similarity.strides[1]), .real(1 / temperature, like: similarity),
      ] + panels.kernel + strided(rowScale ?? similarity, 1) + [.int32(summing == nil ? 0 : 1)]
        + strided(summing?.weights ?? similarity, 1) + [.buffer((partial ?? similarity).buffer)],
      flop: 4 * kernel.elementCount,
      byteCount: Self.distinctByteCount(similarity) + Self.distinctByteCount(kernel))
    if let summing, let partial { mergeColumns(panels, partial, into: summing.sums, beta: summing.beta) }
  }

  public func alternate(
    _ kernel: TensorView, rowScale: TensorView?, _ x: TensorView, _ step: ScalingStep, rows: TensorView,
    columnSums: TensorView, beta: Double
  ) {
    orTrap(try alternateRule(kernel, rowScale: rowScale, x, step, rows: rows, columnSums: columnSums))
    for view in [rows, columnSums] { view.buffer.markWritten() }
    guard supports(x.elementType) else { return }
    let panels = KernelPanels(kernel, isShifted: rowScale != nil, groupSize: groupSize)
    let partial = partialSums(panels, like: columnSums)
    launchPanels(
      "alternate", panels, x,
      [.int(panels.rows), .int(panels.columns)] + panels.kernel + strided(rowScale ?? x, 1) + strided(x, 1)
        + [.int32(step.scaling == nil ? 0 : 1), .real(step.marginal, like: x), .real(step.constant, like: x)]
        + strided(step.scaling ?? x, 1) + strided(rows, 1) + [.buffer(partial.buffer)],
      flop: 4 * kernel.elementCount, byteCount: Self.distinctByteCount(kernel))
    mergeColumns(panels, partial, into: columnSums, beta: beta)
  }

  public func project(
    _ kernel: TensorView, weights: TensorView, points: TensorView, warped: TensorView, mass: TensorView,
    match: TensorView
  ) {
    orTrap(
      try projectRule(kernel, weights: weights, points: points, warped: warped, mass: mass, match: match))
    for view in [warped, mass, match] { view.buffer.markWritten() }
    guard supports(weights.elementType) else { return }
    let panels = KernelPanels(kernel, isShifted: false, groupSize: groupSize)
    launch(
      "project", panels.key("project", weights), defines: panels.defines,
      [.int(panels.columns)] + panels.kernel + strided(weights, 1) + strided(points, 2) + strided(warped, 2)
        + strided(mass, 1) + strided(match, 1),
      global: [panels.rows * groupSize, panels.batch], local: [groupSize, 1], flop: 8 * kernel.elementCount,
      byteCount: Self.distinctByteCount(kernel))
  }

  public func backproject(
    _ kernel: TensorView, gradient: TensorView, points: TensorView, columnSums: TensorView, beta: Double
  ) {
    orTrap(try backprojectRule(kernel, gradient: gradient, points: points, columnSums: columnSums))
    columnSums.buffer.markWritten()
    guard supports(columnSums.elementType) else { return }
    let panels = KernelPanels(kernel, isShifted: false, groupSize: groupSize)
    let partial = partialSums(panels, like: columnSums)
    launchPanels(
      "backproject", panels, columnSums,
      [.int(panels.rows), .int(panels.columns)] + panels.kernel + strided(gradient, 2) + strided(points, 2)
        + [.buffer(partial.buffer)],
      flop: 9 * kernel.elementCount, byteCount: Self.distinctByteCount(kernel))
    mergeColumns(panels, partial, into: columnSums, beta: beta)
  }

  public func lowRankHadamard(
    _ kernel: TensorView, left: TensorView, right: TensorView, scale: Double, into result: TensorView
  ) {
    orTrap(try lowRankHadamardRule(kernel, left: left, right: right, into: result))
    result.buffer.markWritten()
    guard supports(result.elementType), !result.isEmpty else { return }
    let panels = KernelPanels(kernel, isShifted: false, groupSize: groupSize)
    let size = grid(inner: panels.columns, outer: panels.batch * panels.count)
    launch(
      "lowRankHadamard", panels.key("lowRankHadamard", result), defines: panels.defines,
      [.int(panels.batch), .int(panels.rows), .int(panels.columns), .int(left.shape[1])] + panels.kernel
        + strided(left, 2) + strided(right, 2) + [.real(scale, like: result)] + strided(result, 2),
      global: size.global, local: size.local, flop: 2 * left.shape[1] * kernel.elementCount,
      byteCount: Self.distinctByteCount(kernel) + Self.distinctByteCount(result))
  }

  // MARK: - Panels

  private func partialSums(_ panels: KernelPanels, like sums: TensorView) -> TensorView {
    allocate(sums.elementType, [panels.batch, panels.count, panels.columns])
  }

  /// One work-group for every panel of every matrix.
  private func launchPanels(
    _ function: String, _ panels: KernelPanels, _ real: TensorView, _ arguments: [KernelArgument], flop: Int,
    byteCount: Int
  ) {
    launch(
      function, panels.key(function, real), defines: panels.defines, arguments,
      global: [panels.count * groupSize, panels.batch], local: [groupSize, 1], flop: flop, byteCount: byteCount)
  }

  private func mergeColumns(_ panels: KernelPanels, _ partial: TensorView, into sums: TensorView, beta: Double) {
    guard !sums.isEmpty else { return }
    let size = grid(panels.columns)
    launch(
      "mergeColumns", panels.key("mergeColumns", sums), defines: panels.defines,
      [.int(panels.columns), .int(panels.count), .buffer(partial.buffer), .real(beta, like: sums)] + strided(sums, 1),
      global: size.global + [panels.batch], local: size.local + [1], flop: partial.elementCount,
      byteCount: Self.distinctByteCount(partial))
  }

  /// Buffer, offset and the first strides of a view.
  private func strided(_ view: TensorView, _ axes: Int) -> [KernelArgument] {
    [.buffer(view.buffer), .int(view.offset)] + view.strides.prefix(axes).map { .int($0) }
  }
}

/// How `transport.cl` cuts a block of a kernel: panels of a few rows, by its shape alone.
private struct KernelPanels {
  let batch, rows, columns: Int
  /// Panels of one matrix.
  let count: Int
  /// The kernel's arguments: buffer, offset, strides along batch and rows.
  let kernel: [KernelArgument]
  private let isBFloat16, isShifted: Bool
  private let groupSize, height: Int

  init(_ kernel: TensorView, isShifted: Bool, groupSize: Int) {
    (batch, rows, columns) = (kernel.shape[0], kernel.shape[1], kernel.shape[2])
    height = min(8, groupSize)
    count = (rows + height - 1) / height
    self.kernel = [.buffer(kernel.buffer), .int(kernel.offset), .int(kernel.strides[0]), .int(kernel.strides[1])]
    isBFloat16 = kernel.elementType == .bfloat16
    self.isShifted = isShifted
    self.groupSize = groupSize
  }

  func key(_ function: String, _ real: TensorView) -> KernelKey {
    KernelKey(
      source: .transport, function: function, isDouble: real.elementType == .float64,
      signature: [isBFloat16 ? 1 : 0, isShifted ? 1 : 0])
  }

  var defines: [String] {
    [
      "#define GROUP \(groupSize)", "#define PANEL \(height)", "#define BFLOAT16 \(isBFloat16 ? 1 : 0)",
      "#define SHIFTED \(isShifted ? 1 : 0)",
    ]
  }
}
