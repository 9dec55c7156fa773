/// How much farther the positive lies from the anchor than the negative does, for every point and group of channels.
///
///     d = |a - p| - |a - n|,   da = unit(a - p) - unit(a - n),   dp = -unit(a - p),   dn = unit(a - n)
///
/// with unit(0) = 0. One launch forward, and one backward that adds to gradients which are there already.
/// - Parameters:
///   - anchor, positive, negative: `[batch, points, channels]` each, unit stride along the channels.
///   - splits: where a new group of channels begins, ascending; none makes one group of all channels.
/// - Returns: `[batch, points, groups]`.
public func tripletDistance(
  anchor: Tensor, positive: Tensor, negative: Tensor, splitAt splits: [Int] = []
) -> Tensor {
  let device = anchor.device
  func triplet(_ views: [TensorView]) -> Triplet {
    Triplet(anchor: views[0], positive: views[1], negative: views[2], splitAt: splits)
  }
  let operands = [anchor.view, positive.view, negative.view]
  let perPoint = triplet(operands).perPoint
  let difference = device.allocate(anchor.elementType, perPoint)
  let distances = device.allocate(anchor.elementType, [2] + perPoint)
  device.tripletDistance(triplet(operands), distances: distances, difference: difference)
  return .recording(
    "tripletDistance", difference, from: [anchor, positive, negative], saving: operands + [distances]
  ) { gradients, saved in
    gradients.accumulate(0..<3) { targets in
      gradients.device.tripletGradient(
        triplet(saved), distances: saved[3], upstream: gradients.upstream, anchor: targets[0], positive: targets[1],
        negative: targets[2])
    }
  }
}
