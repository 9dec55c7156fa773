import CPUShim
import Compute

/// How a convolution is cut for minimal filtering (winograd.c), by its shape alone: tiles of 2 x 2 results, transformed
/// a block at a time, meet the transformed filters in 16 products.
struct WinogradCut {
  let shape: cpu_window_shape
  let inputs, outputs: Int
  /// Of all pictures.
  let tiles: Int
  /// Tiles of a block, at most.
  let blockSize: Int
  /// What a plain convolution takes.
  let flop: Int

  /// One for each place of a tile's 4 x 4 pixels.
  static let matrices = 16
  /// Of fewer channels or tiles the transforms cost more than the products save.
  private static let (fewestChannels, fewestTiles) = (64, 128)
  /// What is transformed of a block takes a third of a last-level cache: the filters' matrices are read beside it.
  private static let blockByteCount = DeviceInformation.cacheWorkspaceByteCount / 3
  /// Tiles that a core transforms at a time.
  private static let transformSize = 16
  /// Rows and columns of a product that a core makes at a time.
  private static let (productRows, productColumns) = (128, 256)

  /// - Returns: nil where another way is faster.
  init?(_ x: TensorView, _ y: TensorView, _ window: Window) {
    guard window.size == 3, window.stride == 1, min(x.shape[3], y.shape[3]) >= Self.fewestChannels else { return nil }
    shape = cpu_window_shape(x, y, window)
    (inputs, outputs) = (x.shape[3], y.shape[3])
    tiles = y.shape[0] * ((y.shape[1] + 1) / 2) * ((y.shape[2] + 1) / 2)
    guard tiles >= Self.fewestTiles else { return nil }
    flop = 2 * y.elementCount * inputs * window.size * window.size
    let perTile = Self.matrices * (inputs + outputs) * x.elementType.byteCount
    let most = max(Self.blockByteCount / perTile, Self.fewestTiles)
    let blocks = (tiles + most - 1) / most
    blockSize = (tiles + blocks - 1) / blocks
  }

  /// Elements of one matrix of the filters.
  var weightCount: Int { inputs * outputs }

  var blocks: [Range<Int>] { Self.pieces(0..<tiles, of: blockSize) }

  /// A block's tiles as cores transform them.
  func transforms(_ block: Range<Int>) -> [Range<Int>] { Self.pieces(block, of: Self.transformSize) }

  /// A part of one of the 16 products.
  struct ProductTask {
    let matrix: Int
    let rows, columns: Range<Int>
  }

  func products(rows: Int, columns: Int) -> [ProductTask] {
    let (rows, columns) = (
      Self.pieces(0..<rows, of: Self.productRows), Self.pieces(0..<columns, of: Self.productColumns)
    )
    return (0..<Self.matrices).flatMap { matrix in
      rows.flatMap { rows in columns.map { ProductTask(matrix: matrix, rows: rows, columns: $0) } }
    }
  }

  private static func pieces(_ range: Range<Int>, of size: Int) -> [Range<Int>] {
    stride(from: range.lowerBound, to: range.upperBound, by: size).map { $0..<min($0 + size, range.upperBound) }
  }
}
