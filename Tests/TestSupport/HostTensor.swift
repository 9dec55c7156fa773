/// Values on the host in row-major order, in Double: what the oracles compute with.
public struct HostTensor: Sendable, Equatable {
  public let shape: [Int]
  public var values: [Double]

  public init(_ shape: [Int], _ values: [Double]) {
    precondition(values.count == shape.reduce(1, *))
    self.shape = shape
    self.values = values
  }

  public init(_ shape: [Int], repeating value: Double) {
    self.init(shape, [Double](repeating: value, count: shape.reduce(1, *)))
  }

  /// The element at `index`, whose axes line up from the right; axes of size 1 repeat.
  public subscript(broadcasting index: [Int]) -> Double {
    var position = 0
    let missing = index.count - shape.count
    for axis in shape.indices { position = position * shape[axis] + (shape[axis] == 1 ? 0 : index[axis + missing]) }
    return values[position]
  }

  /// The last two axes exchanged.
  public var transposed: HostTensor {
    let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
    var result = HostTensor(shape.dropLast(2) + [columns, rows], repeating: 0)
    for start in stride(from: 0, to: values.count, by: max(rows * columns, 1)) {
      for r in 0..<rows {
        for c in 0..<columns { result.values[start + c * rows + r] = values[start + r * columns + c] }
      }
    }
    return result
  }
}

/// Every index of `shape` in row-major order.
public func indices(of shape: [Int]) -> [[Int]] {
  shape.reduce([[]]) { prefixes, size in prefixes.flatMap { prefix in (0..<size).map { prefix + [$0] } } }
}

/// The sum of x times y.
public func dot(_ x: [Double], _ y: [Double]) -> Double {
  precondition(x.count == y.count)
  return zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
}
