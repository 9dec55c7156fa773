import CPUShim
import Compute

/// How a convolution is cut into blocks of positions whose windows stay in a core's cache, by its shape alone.
struct ConvolutionCut {
  let shape: cpu_window_shape
  let outputs: Int
  /// Elements of one window: size size channels.
  let windowLength: Int
  /// Positions of the window on all pictures; `pixels` on one.
  let positions, pixels: Int
  /// Positions of a block, at most.
  let blockSize: Int

  /// Multiply-adds of a block, about: a tenth of a millisecond of one core. Elements of its windows, about.
  private static let (blockWork, blockElements) = (1 << 22, 1 << 17)
  /// So many share one reading of the filters, unless there are too few for several blocks.
  private static let (leastPositions, fewBlocks) = (256, 4)
  /// Partial sums of a filter gradient, and their elements together, at most.
  private static let (mostParts, mostPartElements) = (16, 1 << 23)

  /// - Parameters:
  ///   - x: what the window moves over.
  ///   - y: one pixel per position.
  init(_ x: TensorView, _ y: TensorView, _ window: Window) {
    shape = cpu_window_shape(x, y, window)
    outputs = y.shape[3]
    windowLength = window.size * window.size * x.shape[3]
    pixels = y.shape[1] * y.shape[2]
    positions = y.shape[0] * pixels
    let length = max(windowLength, 1)
    let wanted = max(
      min(Self.blockWork / (length * max(outputs, 1)), Self.blockElements / length), Self.leastPositions)
    let most = min(wanted, max(positions / Self.fewBlocks, 1))
    blockSize = (positions + max(positions / most, 1) - 1) / max(positions / most, 1)
  }

  var flop: Int { 2 * positions * windowLength * outputs }
  var isEmpty: Bool { positions * outputs == 0 }
  var weightCount: Int { windowLength * outputs }
  /// A 1 x 1 window that steps from pixel to pixel: its windows are the pictures themselves.
  var isPlainProduct: Bool { shape.size == 1 && shape.stride == 1 }

  /// Whether few positions meet many weights: then one large product, cut along both, reads the weights less often.
  var isLargeProduct: Bool { weightCount > 256 * positions }

  var blocks: Int { (positions + max(blockSize, 1) - 1) / max(blockSize, 1) }

  func positions(ofBlock block: Int) -> Range<Int> {
    block * blockSize..<min((block + 1) * blockSize, positions)
  }

  /// How many sums of its own a filter gradient has, each over consecutive blocks.
  var parts: Int { max(min(blocks, Self.mostParts, Self.mostPartElements / max(weightCount, 1)), 1) }

  func blocks(ofPart part: Int) -> Range<Int> { blocks * part / parts..<blocks * (part + 1) / parts }
}
