import CPUShim
import Compute

/// How a convolution is cut for minimal filtering (winograd.c): tiles of 2 x 2 results, transformed a block of rows at a
/// time, meet the transformed filters in 16 products, by the convolution's shape alone.
struct WinogradCut {
  let shape: cpu_window_shape
  let inputs, outputs: Int
  /// Tiles of a row, and rows of all pictures.
  let columns, rows: Int
  /// Rows of a block, at most.
  let blockSize: Int

  /// One for each place of a tile's 4 x 4 pixels.
  static let matrices = 16
  /// Of fewer channels or tiles the transforms cost more than the products save.
  private static let (fewestChannels, fewestTiles) = (64, 128)
  /// Transformed elements of a block, about: what a last-level cache holds.
  private static let blockElements = 1 << 21
  /// Tiles, or outputs of a filter gradient, of one product: a task of a core.
  private static let (taskTiles, taskOutputs) = (128, 256)

  /// - Returns: nil where another way is faster.
  init?(_ x: TensorView, _ y: TensorView, _ window: Window) {
    shape = cpu_window_shape(x, y, window)
    (inputs, outputs) = (x.shape[3], y.shape[3])
    columns = (y.shape[2] + 1) / 2
    rows = y.shape[0] * ((y.shape[1] + 1) / 2)
    guard window.size == 3, window.stride == 1, min(inputs, outputs) >= Self.fewestChannels,
      rows * columns >= Self.fewestTiles
    else { return nil }
    let most = max(Self.blockElements / (Self.matrices * columns * (inputs + outputs)), 1)
    let blocks = (rows + most - 1) / most
    blockSize = (rows + blocks - 1) / blocks
  }

  /// Elements of one matrix of the filters.
  var weightCount: Int { inputs * outputs }
  /// Tiles of a block, at most.
  var blockTiles: Int { blockSize * columns }

  /// The rows of consecutive blocks.
  var blocks: [Range<Int>] { Self.pieces(rows, of: blockSize) }

  /// The results of a row of tiles: one or two lines of a picture.
  func positions(ofRow row: Int) -> Range<Int> {
    let (height, width) = (Int(shape.output_height), Int(shape.output_width))
    let (picture, top) = (row / ((height + 1) / 2), row % ((height + 1) / 2) * 2)
    return (picture * height + top) * width..<(picture * height + min(top + 2, height)) * width
  }

  /// The products of a block.
  func tasks(tiles: Int) -> [(matrix: Int, tiles: Range<Int>)] { Self.tasks(Self.pieces(tiles, of: Self.taskTiles)) }

  /// The products of a filter gradient.
  var gradientTasks: [(matrix: Int, outputs: Range<Int>)] { Self.tasks(Self.pieces(outputs, of: Self.taskOutputs)) }

  private static func tasks(_ pieces: [Range<Int>]) -> [(Int, Range<Int>)] {
    (0..<matrices).flatMap { matrix in pieces.map { (matrix, $0) } }
  }

  private static func pieces(_ count: Int, of size: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }
}
