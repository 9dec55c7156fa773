import CPUShim
import Compute

extension CPUDevice {
  public func gemm(
    _ a: TensorView, _ b: TensorView, into c: TensorView, alpha: Double, beta: Double, epilogue: Epilogue?
  ) {
    let plan = orTrap(try GemmPlan(a, b, into: c, epilogue: epilogue))
    launch("gemm", flop: plan.flop, reading: [a, b] + (epilogue?.bias.map { [$0.view] } ?? []), writing: [c]) {
      guard !c.isEmpty else { return }
      let product = Product(plan: plan, a: a, b: b, c: c, alpha: alpha, beta: beta, epilogue: epilogue)
      let cut = GemmCut(plan)
      if cut.slices > 1 { runSliced(product, cut) } else { run(product, cut) }
    }
  }

  private func run(_ product: Product, _ cut: GemmCut) {
    let blocks = product.plan.batch * cut.tilesPerMatrix
    let perTile = cut.blocksPerTile
    runTiles((blocks + perTile - 1) / perTile, scratchBytes: product.scratchBytes) { tile, scratch in
      for block in tile * perTile..<min((tile + 1) * perTile, blocks) { product.run(cut.block(block), scratch) }
    }
  }

  /// Each slice of k gives a partial product of its own; they are added up in order.
  private func runSliced(_ product: Product, _ cut: GemmCut) {
    let (m, n) = (product.plan.m, product.plan.n)
    let elementBytes = product.c.elementType.byteCount
    withScratch(cut.slices * m * n * elementBytes) { partials in
      for element in 0..<product.plan.batch {
        runTiles(cut.slices * cut.tilesPerMatrix, scratchBytes: product.scratchBytes) { tile, scratch in
          let slice = tile / cut.tilesPerMatrix
          var block = cut.block(element * cut.tilesPerMatrix + tile % cut.tilesPerMatrix)
          block.depth = cut.depth(slice)
          product.runPartial(block, into: partials + slice * m * n * elementBytes, scratch)
        }
        let rowsPerTile = max(Int(CPU_TILE) / (n * cut.slices), 1)
        workers.run((m + rowsPerTile - 1) / rowsPerTile) { tile, _ in
          let first = tile * rowsPerTile
          product.addPartials(
            partials, slices: cut.slices, element: element, rows: first..<min(first + rowsPerTile, m))
        }
      }
    }
  }
}

extension Epilogue.Bias {
  fileprivate var view: TensorView {
    switch self {
    case .perColumn(let view), .perRow(let view): view
    }
  }
}

/// A block of one product of the batch: rows and columns of c, and which part of k.
private struct GemmBlock {
  var element: Int
  var rows, columns, depth: Range<Int>
}

/// How a product is cut, by its shape alone.
private struct GemmCut {
  let m, n, k: Int
  let rows, columns: Int
  let slices: Int

  /// Multiply-adds of one tile, at most: under a millisecond of one core.
  private static let tileWork = 1 << 25
  /// A product with so few elements of c and so long a sum is cut along the sum, into a power of two: of three slices one
  /// core of two would do two.
  private static let smallResult = 1 << 18
  private static let shortestSlice = 1024
  /// From here on a sum is long: 1024 x 512 with sums of 4608, 84 GFLOP/s of a core in tiles of 256 x 256, 68 in 128 x 512.
  private static let longSum = 1024
  private static let mostSlices = 32

  init(_ plan: GemmPlan) {
    (m, n, k) = (plan.m, plan.n, plan.k)
    slices = m * n <= Self.smallResult ? min(greatestPowerOfTwo(notAbove: k / Self.shortestSlice), Self.mostSlices) : 1
    let depth = max(k / slices, 1)
    // A few rows are bound by reading b: narrow tiles share that among the workers. Long sums are bound by reading both:
    // square tiles read least.
    let isLong = depth >= Self.longSum
    let widest = m > 64 ? (isLong ? 256 : 512) : min(max(Self.tileWork / 4 / (m * depth), 128), 512)
    columns = Self.balanced(n, limit: widest)
    rows = Self.balanced(m, limit: max(Self.tileWork / (depth * columns), isLong ? 256 : 128))
  }

  /// The size of equal pieces of at most `limit`, whole vectors where there are several.
  private static func balanced(_ count: Int, limit: Int) -> Int {
    guard count > limit else { return count }
    let pieces = (count + limit - 1) / limit
    return ((count + pieces - 1) / pieces + 15) / 16 * 16
  }

  var rowTiles: Int { (m + rows - 1) / rows }
  var columnTiles: Int { (n + columns - 1) / columns }
  var tilesPerMatrix: Int { rowTiles * columnTiles }

  func block(_ tile: Int) -> GemmBlock {
    let row = tile / columnTiles % rowTiles * rows
    let column = tile % columnTiles * columns
    return GemmBlock(
      element: tile / tilesPerMatrix, rows: row..<min(row + rows, m), columns: column..<min(column + columns, n),
      depth: 0..<k)
  }

  /// So many blocks of small products make a tile.
  var blocksPerTile: Int { max((1 << 20) / max(rows * columns * k, 1), 1) }

  func depth(_ slice: Int) -> Range<Int> {
    let size = (k + slices - 1) / slices
    return min(slice * size, k)..<min((slice + 1) * size, k)
  }
}

/// The operands of one call.
private struct Product {
  let plan: GemmPlan
  let a, b, c: TensorView
  let alpha, beta: Double
  let epilogue: Epilogue?

  var scratchBytes: Int { Int(cpu_gemm_scratch(isDouble)) }
  private var isDouble: Bool { c.elementType == .float64 }
  private var elementBytes: Int { c.elementType.byteCount }

  func run(_ block: GemmBlock, _ scratch: UnsafeMutableRawPointer) {
    let to = address(of: c, plan.c, block.element, row: block.rows.lowerBound, column: block.columns.lowerBound)
    multiply(block, beta: beta, into: to, plan.c.leadingDimension, scratch)
    finish(to, block)
  }

  /// Writes the product of one slice of k into an m x n matrix of its own.
  func runPartial(_ block: GemmBlock, into partial: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer) {
    let offset = block.rows.lowerBound * plan.n + block.columns.lowerBound
    multiply(block, beta: 0, into: partial + offset * elementBytes, plan.n, scratch)
  }

  func addPartials(_ partials: UnsafeMutableRawPointer, slices: Int, element: Int, rows: Range<Int>) {
    let to = address(of: c, plan.c, element, row: rows.lowerBound, column: 0)
    let from = partials + rows.lowerBound * plan.n * elementBytes
    let (m, n, ldc) = (Int64(rows.count), Int64(plan.n), Int64(plan.c.leadingDimension))
    let partialSize = Int64(plan.m * plan.n)
    if isDouble {
      cpu_add_partials_double(
        from.assumingMemoryBound(to: Double.self), Int64(slices), partialSize, m, n, beta,
        to.assumingMemoryBound(to: Double.self), ldc)
    } else {
      cpu_add_partials_float(
        from.assumingMemoryBound(to: Float.self), Int64(slices), partialSize, m, n, beta,
        to.assumingMemoryBound(to: Float.self), ldc)
    }
    finish(to, GemmBlock(element: element, rows: rows, columns: 0..<plan.n, depth: 0..<0))
  }

  private func multiply(
    _ block: GemmBlock, beta: Double, into to: UnsafeMutableRawPointer, _ ldc: Int, _ scratch: UnsafeMutableRawPointer
  ) {
    let left = address(of: a, plan.a, block.element, row: block.rows.lowerBound, column: block.depth.lowerBound)
    let right = address(of: b, plan.b, block.element, row: block.depth.lowerBound, column: block.columns.lowerBound)
    let (m, n, k) = (Int64(block.rows.count), Int64(block.columns.count), Int64(block.depth.count))
    let (lda, ldb) = (Int64(plan.a.leadingDimension), Int64(plan.b.leadingDimension))
    if isDouble {
      cpu_gemm_double(
        plan.a.isTransposed, plan.b.isTransposed, m, n, k, alpha, left.assumingMemoryBound(to: Double.self), lda,
        right.assumingMemoryBound(to: Double.self), ldb, beta, to.assumingMemoryBound(to: Double.self), Int64(ldc),
        scratch)
    } else {
      cpu_gemm_float(
        plan.a.isTransposed, plan.b.isTransposed, m, n, k, alpha, left.assumingMemoryBound(to: Float.self), lda,
        right.assumingMemoryBound(to: Float.self), ldb, beta, to.assumingMemoryBound(to: Float.self), Int64(ldc),
        scratch)
    }
  }

  /// Bias and activation, while the block is in cache.
  private func finish(_ to: UnsafeMutableRawPointer, _ block: GemmBlock) {
    guard let epilogue else { return }
    var perColumn: UnsafeMutableRawPointer?
    var perRow: UnsafeMutableRawPointer?
    switch epilogue.bias {
    case .perColumn(let view): perColumn = view.pointer + block.columns.lowerBound * elementBytes
    case .perRow(let view): perRow = view.pointer + block.rows.lowerBound * elementBytes
    case nil: break
    }
    let (m, n, ldc) = (Int64(block.rows.count), Int64(block.columns.count), Int64(plan.c.leadingDimension))
    if isDouble {
      cpu_epilogue_double(
        to.assumingMemoryBound(to: Double.self), ldc, m, n, perColumn?.assumingMemoryBound(to: Double.self),
        perRow?.assumingMemoryBound(to: Double.self), epilogue.activation == .relu)
    } else {
      cpu_epilogue_float(
        to.assumingMemoryBound(to: Float.self), ldc, m, n, perColumn?.assumingMemoryBound(to: Float.self),
        perRow?.assumingMemoryBound(to: Float.self), epilogue.activation == .relu)
    }
  }

  /// Where element (row, column) of one operand's matrix lies.
  private func address(
    of view: TensorView, _ operand: GemmPlan.Operand, _ element: Int, row: Int, column: Int
  ) -> UnsafeMutableRawPointer {
    let within =
      operand.isTransposed ? column * operand.leadingDimension + row : row * operand.leadingDimension + column
    return view.pointer + (element * operand.batchStride + within) * elementBytes
  }
}
