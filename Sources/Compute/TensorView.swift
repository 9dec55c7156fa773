/// A strided window onto a buffer: the only thing that crosses the seam between operations and devices.
///
/// Strides and offset count elements and are 64-bit. A stride of 0 repeats one element along an axis.
public struct TensorView: Sendable {
  public let buffer: Buffer
  public let elementType: ElementType
  public let shape: [Int]
  public let strides: [Int]
  public let offset: Int

  public init(buffer: Buffer, elementType: ElementType, shape: [Int], strides: [Int], offset: Int) {
    self.buffer = buffer
    self.elementType = elementType
    self.shape = shape
    self.strides = strides
    self.offset = offset
  }

  /// A row-major view of `shape` that starts at `offset` elements into `buffer`.
  public init(buffer: Buffer, elementType: ElementType, shape: [Int], offset: Int = 0) {
    self.init(
      buffer: buffer, elementType: elementType, shape: shape, strides: Self.rowMajorStrides(shape), offset: offset)
  }

  public var rank: Int { shape.count }
  public var elementCount: Int { shape.reduce(1, *) }
  public var isEmpty: Bool { shape.contains(0) }

  /// Whether the elements lie in row-major order without gaps.
  public var isContiguous: Bool {
    var expected = 1
    for axis in shape.indices.reversed() where shape[axis] != 1 {
      if strides[axis] != expected { return isEmpty }
      expected *= shape[axis]
    }
    return true
  }

  public static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * Swift.max(shape[axis + 1], 1)
    }
    return strides
  }
}

// MARK: - Views of views

extension TensorView {
  /// The same elements under another shape, or nil when the strides do not allow it without a copy.
  public func reshapedIfPossible(_ newShape: [Int]) -> TensorView? {
    precondition(newShape.reduce(1, *) == elementCount, "reshape: \(shape) has another element count than \(newShape)")
    if isEmpty { return TensorView(buffer: buffer, elementType: elementType, shape: newShape, offset: offset) }
    // Match groups of old axes with groups of new axes of equal size; each old group must be mergeable.
    var newStrides = [Int](repeating: 1, count: newShape.count)
    let old = shape.indices.filter { shape[$0] != 1 }
    var i = old.count - 1
    var axis = newShape.count - 1
    while axis >= 0 {
      if newShape[axis] == 1 {
        axis -= 1
        continue
      }
      guard i >= 0 else { return nil }
      // One run of old axes that behaves as a single axis.
      let innerStride = strides[old[i]]
      var size = shape[old[i]]
      while i > 0, strides[old[i - 1]] == strides[old[i]] * shape[old[i]] {
        i -= 1
        size *= shape[old[i]]
      }
      i -= 1
      var stride = innerStride
      while size > 1 {
        guard axis >= 0, size % newShape[axis] == 0 else { return nil }
        newStrides[axis] = stride
        stride *= newShape[axis]
        size /= newShape[axis]
        axis -= 1
      }
    }
    return TensorView(buffer: buffer, elementType: elementType, shape: newShape, strides: newStrides, offset: offset)
  }

  /// The same elements under another shape; traps when that would need a copy.
  public func reshaped(_ newShape: [Int]) -> TensorView {
    guard let view = reshapedIfPossible(newShape) else {
      return orTrap(
        try {
          throw ComputeError(
            .shape, what: "reshape: \(shape) with strides \(strides) cannot be seen as \(newShape)",
            why: "its elements do not lie in row-major order", mend: "copy it into a contiguous tensor first")
        }())
    }
    return view
  }

  /// Two axes exchanged.
  public func transposed(_ first: Int, _ second: Int) -> TensorView {
    var newShape = shape
    var newStrides = strides
    newShape.swapAt(first, second)
    newStrides.swapAt(first, second)
    return TensorView(buffer: buffer, elementType: elementType, shape: newShape, strides: newStrides, offset: offset)
  }

  /// The last two axes exchanged: a matrix transpose.
  public var transposed: TensorView { transposed(rank - 2, rank - 1) }

  /// The half-open range `range` of one axis, every `step`-th element.
  public func sliced(axis: Int, _ range: Range<Int>, step: Int = 1) -> TensorView {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= shape[axis] && step > 0,
      "slice: \(range) leaves axis \(axis) of \(shape)")
    var newShape = shape
    var newStrides = strides
    newShape[axis] = (range.count + step - 1) / step
    newStrides[axis] *= step
    return TensorView(
      buffer: buffer, elementType: elementType, shape: newShape, strides: newStrides,
      offset: offset + range.lowerBound * strides[axis])
  }

  /// One index of an axis; the axis disappears.
  public func selecting(axis: Int, _ index: Int) -> TensorView {
    let slice = sliced(axis: axis, index..<index + 1)
    var newShape = slice.shape
    var newStrides = slice.strides
    newShape.remove(at: axis)
    newStrides.remove(at: axis)
    return TensorView(
      buffer: buffer, elementType: elementType, shape: newShape, strides: newStrides, offset: slice.offset)
  }

  /// A new axis of size 1 before `axis`.
  public func expanded(axis: Int) -> TensorView {
    var newShape = shape
    var newStrides = strides
    newShape.insert(1, at: axis)
    newStrides.insert(0, at: axis)
    return TensorView(buffer: buffer, elementType: elementType, shape: newShape, strides: newStrides, offset: offset)
  }

  /// Repeats axes of size 1, and missing leading axes, to reach `target`.
  public func broadcast(to target: [Int]) -> TensorView {
    if shape == target { return self }
    precondition(rank <= target.count, "broadcast: \(shape) has more axes than \(target)")
    let missing = target.count - rank
    var newStrides = [Int](repeating: 0, count: target.count)
    for axis in shape.indices where shape[axis] != 1 || target[axis + missing] == 1 {
      precondition(
        shape[axis] == target[axis + missing], "broadcast: \(shape) cannot be repeated to \(target)")
      newStrides[axis + missing] = strides[axis]
    }
    return TensorView(buffer: buffer, elementType: elementType, shape: target, strides: newStrides, offset: offset)
  }
}
