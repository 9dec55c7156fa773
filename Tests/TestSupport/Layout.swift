import Compute

/// How the elements of a view lie in its buffer.
public enum Layout: Sendable, CaseIterable {
  /// Row-major, without gaps.
  case contiguous
  /// A window of a wider buffer: it starts at an odd offset and each row is followed by a gap.
  case sliced
  /// Rows begin at multiples of four elements, and gaps follow those that do not fill them.
  case padded
  /// Every other element along the last axis.
  case strided
  /// The last two axes exchanged in memory.
  case transposed

  /// Strides and the number of elements that the view spans, from its first to its last.
  func strides(_ shape: [Int]) -> (strides: [Int], span: Int) {
    var strides = [Int](repeating: 1, count: shape.count)
    var order = Array(shape.indices)
    if self == .transposed, shape.count >= 2 { order.swapAt(shape.count - 2, shape.count - 1) }
    var next = self == .strided ? 2 : 1
    for (position, axis) in order.enumerated().reversed() {
      strides[axis] = next
      next *= max(shape[axis], 1)
      if position == order.count - 1 {
        if self == .sliced { next += 3 }
        if self == .padded { next = (next + 3) / 4 * 4 }
      }
    }
    let span = shape.contains(0) ? 0 : zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
    return (strides, span)
  }

  /// Elements before the view: mostly odd, so that nothing may count on alignment.
  var offset: Int {
    switch self {
    case .contiguous: 0
    case .padded: 4
    default: 5
    }
  }
}

/// Positions of a view's elements in its buffer, in row-major order of the view.
func positions(shape: [Int], strides: [Int], offset: Int) -> [Int] {
  zip(shape, strides).reduce([offset]) { starts, axis in
    starts.flatMap { start in (0..<axis.0).map { start + $0 * axis.1 } }
  }
}
