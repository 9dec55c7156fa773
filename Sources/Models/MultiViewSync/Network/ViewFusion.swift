import Layers

extension ViewFusion {
  /// z = relu(fusion(a, b)); a and b: `[pairs, features]`.
  func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor {
    switch self {
    case .mult: fused("fusion.mult", a, b) { relu($0 * $1) }
    case .add: fused("fusion.add", a, b) { relu($0 + $1) }
    case .diff: fused("fusion.diff", a, b) { relu($0 - $1) }
    case .concat: fused("fusion.concat", concatenate([a, b])) { relu($0) }
    }
  }
}

/// Which two pictures of a batch make each pair.
public struct PicturePairs: Sendable {
  let first, second: RowIndex

  public var count: Int { first.count }

  /// - Parameters:
  ///   - pairs: places in a batch of pictures.
  ///   - pictures: how many the batch has.
  public init(_ pairs: [(Int, Int)], pictures: Int, on device: any Device) {
    first = RowIndex(pairs.map { Int32($0.0) }, sourceRows: pictures, on: device)
    second = RowIndex(pairs.map { Int32($0.1) }, sourceRows: pictures, on: device)
  }
}
