/// The Gibbs kernel of one matching, in blocks of rows: kept in memory, or computed anew whenever it is read.
///
/// A block is what one product of the similarities fits into a device's preferred workspace: on a processor it is still
/// in cache when it is turned into the kernel.
struct GibbsKernel: Sendable {
  /// Unit vectors `[batch, rows, channels]` and `[batch, columns, channels]`; the similarity is their dot product.
  let query, key: TensorView
  let temperature: Double
  /// The type that values are stored in.
  let storedType: ElementType
  /// The rows of each block.
  let blocks: [Range<Int>]
  /// `[batch, rows of the block, columns]` for each block; nil where blocks are computed anew.
  var stored: [TensorView]?
  /// `[batch, rows]` in the shifted form, nil in the plain one.
  let rowScale: TensorView?

  var batch: Int { query.shape[0] }
  var rows: Int { query.shape[1] }
  var columns: Int { key.shape[1] }
  var elementType: ElementType { query.elementType }

  /// The same kernel without its memory.
  var released: GibbsKernel {
    var kernel = self
    kernel.stored = nil
    return kernel
  }

  /// Cuts rows into blocks of equal height, of whole vectors where there are several.
  static func blocks(rows: Int, rowByteCount: Int, limit: Int) -> [Range<Int>] {
    let most = max(1, limit / max(rowByteCount, 1))
    let count = (rows + most - 1) / most
    let even = (rows + count - 1) / count
    let height = min((even + 15) / 16 * 16, most)
    return stride(from: 0, to: rows, by: height).map { $0..<min($0 + height, rows) }
  }
}

/// One block as a pass sees it.
struct GibbsBlock {
  let rows: Range<Int>
  /// `[batch, rows of the block, columns]`.
  let kernel: TensorView
  /// `[batch, rows of the block]`.
  let rowScale: TensorView?
  /// 0 for the first block and 1 for the others: sums over all rows start anew and go on.
  let beta: Double
}

extension Device {
  /// Computes the kernel and, in the same pass, the sums of its columns with constant weights.
  ///
  /// - Parameters:
  ///   - weights: `[batch, rows]`.
  ///   - columnSums: `[batch, columns]`, overwritten.
  func makeGibbsKernel(
    query: TensorView, key: TensorView, _ settings: SinkhornSettings, weights: TensorView, columnSums: TensorView
  ) -> GibbsKernel {
    let type = query.elementType
    let (batch, columns) = (query.shape[0], key.shape[1])
    let blocks = GibbsKernel.blocks(
      rows: query.shape[1], rowByteCount: batch * columns * type.byteCount,
      limit: information.preferredWorkspaceByteCount)
    let storedType = settings.storage == .bfloat16 ? .bfloat16 : type
    var kernel = GibbsKernel(
      query: query, key: key, temperature: settings.temperature, storedType: storedType, blocks: blocks, stored: nil,
      rowScale: settings.isShifted ? allocate(type, [batch, query.shape[1]]) : nil)
    let workspace = GibbsWorkspace(kernel, on: self)
    var stored: [TensorView] = []
    for rows in blocks {
      let values =
        settings.storage == .recomputed
        ? workspace.kernel(rows) : allocate(storedType, [batch, rows.count, columns])
      let summing = WeightedColumnSums(
        weights: weights.sliced(axis: 1, rows), sums: columnSums, beta: rows.lowerBound == 0 ? 0 : 1)
      compute(kernel, rows, into: values, workspace, summing: summing)
      stored.append(values)
    }
    if settings.storage != .recomputed { kernel.stored = stored }
    return kernel
  }

  /// Calls `body` with every block in turn; a computed one lives until `body` returns.
  func forEachBlock(of kernel: GibbsKernel, _ body: (GibbsBlock) -> Void) {
    let workspace = GibbsWorkspace(kernel, on: self)
    for (index, rows) in kernel.blocks.enumerated() {
      let values = kernel.stored.map { $0[index] } ?? workspace.kernel(rows)
      if kernel.stored == nil { compute(kernel, rows, into: values, workspace, summing: nil) }
      body(
        GibbsBlock(
          rows: rows, kernel: values, rowScale: kernel.rowScale?.sliced(axis: 1, rows),
          beta: rows.lowerBound == 0 ? 0 : 1))
    }
  }

  private func compute(
    _ kernel: GibbsKernel, _ rows: Range<Int>, into values: TensorView, _ workspace: GibbsWorkspace,
    summing: WeightedColumnSums?
  ) {
    // The similarities take the place of the kernel where its type allows.
    let similarity = workspace.similarity(rows) ?? values
    gemm(kernel.query.sliced(axis: 1, rows), kernel.key.transposed, into: similarity)
    gibbsKernel(
      similarity, temperature: kernel.temperature, into: values,
      rowScale: kernel.rowScale?.sliced(axis: 1, rows), summing: summing)
  }
}

/// Memory for the block at hand, allocated when a pass first asks for it.
private final class GibbsWorkspace {
  private let shape: [Int]
  private let elementType, storedType: ElementType
  private let device: any Device
  private lazy var similarities = device.allocate(elementType, shape)
  private lazy var kernels = device.allocate(storedType, shape)

  init(_ kernel: GibbsKernel, on device: any Device) {
    shape = [kernel.batch, kernel.blocks.first?.count ?? 0, kernel.columns]
    elementType = kernel.elementType
    storedType = kernel.storedType
    self.device = device
  }

  func kernel(_ rows: Range<Int>) -> TensorView { kernels.sliced(axis: 1, 0..<rows.count) }

  /// Nil where the kernel's own memory will do.
  func similarity(_ rows: Range<Int>) -> TensorView? {
    storedType == elementType ? nil : similarities.sliced(axis: 1, 0..<rows.count)
  }
}
