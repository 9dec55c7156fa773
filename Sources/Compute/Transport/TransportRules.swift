// The contracts of `TransportOperations`, as pure rules.

public func gibbsKernelRule(
  _ similarity: TensorView, temperature: Double, into kernel: TensorView, rowScale: TensorView?,
  summing: WeightedColumnSums?
) throws {
  let sizes = try KernelSizes("gibbsKernel", kernel, real: similarity.elementType)
  try sizes.require("similarity", similarity, [sizes.batch, sizes.rows, sizes.columns])
  try sizes.require("rowScale", rowScale, [sizes.batch, sizes.rows])
  try sizes.require("the weights", summing?.weights, [sizes.batch, sizes.rows])
  try sizes.require("the column sums", summing?.sums, [sizes.batch, sizes.columns])
  guard temperature > 0 else {
    throw ComputeError(
      .shape, what: "gibbsKernel: the temperature is \(temperature)", why: "similarities are divided by it",
      mend: "pass a positive temperature")
  }
}

public func alternateRule(
  _ kernel: TensorView, rowScale: TensorView?, _ x: TensorView, _ step: ScalingStep, rows: TensorView,
  columnSums: TensorView
) throws {
  let sizes = try KernelSizes("alternate", kernel, real: x.elementType)
  try sizes.require("x", x, [sizes.batch, sizes.columns])
  try sizes.require("rowScale", rowScale, [sizes.batch, sizes.rows])
  try sizes.require("the saved scaling", step.scaling, [sizes.batch, sizes.rows])
  try sizes.require("rows", rows, [sizes.batch, sizes.rows])
  try sizes.require("columnSums", columnSums, [sizes.batch, sizes.columns])
}

public func projectRule(
  _ kernel: TensorView, weights: TensorView, points: TensorView, warped: TensorView, mass: TensorView,
  match: TensorView
) throws {
  let sizes = try KernelSizes("project", kernel, real: weights.elementType)
  try sizes.requireColumns()
  try sizes.require("weights", weights, [sizes.batch, sizes.columns])
  try sizes.require("points", points, [sizes.batch, sizes.columns, 3])
  try sizes.require("warped", warped, [sizes.batch, sizes.rows, 3])
  try sizes.require("mass", mass, [sizes.batch, sizes.rows])
  try sizes.require("match", match, [sizes.batch, sizes.rows], .int32)
}

public func backprojectRule(
  _ kernel: TensorView, gradient: TensorView, points: TensorView, columnSums: TensorView
) throws {
  let sizes = try KernelSizes("backproject", kernel, real: columnSums.elementType)
  try sizes.require("gradient", gradient, [sizes.batch, 4, sizes.rows])
  try sizes.require("points", points, [sizes.batch, sizes.columns, 3])
  try sizes.require("columnSums", columnSums, [sizes.batch, sizes.columns])
}

public func lowRankHadamardRule(
  _ kernel: TensorView, left: TensorView, right: TensorView, into result: TensorView
) throws {
  let sizes = try KernelSizes("lowRankHadamard", kernel, real: result.elementType)
  let rank = left.rank == 3 ? left.shape[1] : 0
  try sizes.require("left", left, [sizes.batch, rank, sizes.rows])
  try sizes.require("right", right, [sizes.batch, rank, sizes.columns])
  try sizes.require("result", result, [sizes.batch, sizes.rows, sizes.columns])
}

/// The sizes of a block of a kernel, and the real type that goes with it.
private struct KernelSizes {
  let member: String
  let batch, rows, columns: Int
  let real: ElementType

  init(_ member: String, _ kernel: TensorView, real: ElementType) throws {
    guard kernel.rank == 3, kernel.shape[2] < 2 || kernel.strides[2] == 1 else {
      throw ComputeError(
        .shape, what: "\(member): the kernel has shape \(kernel.shape) and strides \(kernel.strides)",
        why: "it is [batch, rows, columns], and each row is read as a run", mend: "reshape or copy it")
    }
    guard real.isReal, kernel.elementType == real || (kernel.elementType == .bfloat16 && real == .float32) else {
      throw ComputeError(
        .shape, what: "\(member): the kernel holds \(kernel.elementType), the other operands \(real)",
        why: "a kernel has their real type, or is bfloat16 beside float32", mend: "allocate the kernel in \(real)")
    }
    self.member = member
    (batch, rows, columns) = (kernel.shape[0], kernel.shape[1], kernel.shape[2])
    self.real = real
  }

  /// The operand, where there is one, must have the shape and type, and unit stride along its last axis.
  func require(_ name: String, _ view: TensorView?, _ shape: [Int], _ type: ElementType? = nil) throws {
    guard let view else { return }
    let type = type ?? real
    guard view.shape == shape, view.elementType == type else {
      throw ComputeError(
        .shape, what: "\(member): \(name) is \(view.elementType) \(view.shape), not \(type) \(shape)",
        why: "the kernel is [batch, rows, columns] = \([batch, rows, columns])",
        mend: "pass a view of this shape and type")
    }
    guard shape[shape.count - 1] < 2 || view.strides[shape.count - 1] == 1 else {
      throw ComputeError(
        .shape, what: "\(member): \(name) has strides \(view.strides)",
        why: "its last axis is read or written as a run", mend: "copy it into a contiguous tensor first")
    }
  }

  func requireColumns() throws {
    guard columns > 0 || batch * rows == 0 else {
      throw ComputeError(
        .shape, what: "\(member): the kernel has no columns", why: "no column matches a row best",
        mend: "pass at least one point")
    }
  }
}
