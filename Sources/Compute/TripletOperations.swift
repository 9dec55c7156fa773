/// Anchors, and for each a positive and a negative point.
public struct Triplet: Sendable {
  /// Of one real type, `[batch, points, channels]`, unit stride along the channels: slices of feature tensors, say.
  public let anchor, positive, negative: TensorView
  /// Where groups of neighbouring channels begin, and where the last one ends: each group has distances of its own.
  public let bounds: [Int]

  /// - Parameter splits: where a new group of channels begins, ascending; none makes one group of all channels.
  public init(anchor: TensorView, positive: TensorView, negative: TensorView, splitAt splits: [Int] = []) {
    self.anchor = anchor
    self.positive = positive
    self.negative = negative
    bounds = [0] + splits + [anchor.shape.last ?? 0]
  }

  public var views: [TensorView] { [anchor, positive, negative] }

  /// `[batch, points, groups]`: the shape of whatever there is one of per point and group.
  public var perPoint: [Int] { anchor.shape.dropLast() + [bounds.count - 1] }
}

public protocol TripletOperations: AnyObject, Sendable {
  /// How much farther the positive lies from its anchor than the negative does, and both distances.
  ///
  ///     distances[0, b, i, g] = |anchor[b, i] - positive[b, i]| over the channels of group g
  ///     distances[1, b, i, g] = |anchor[b, i] - negative[b, i]| likewise
  ///     difference[b, i, g] = distances[0, b, i, g] - distances[1, b, i, g]
  ///
  /// Squares are summed over the channels in an order that depends on their number alone, and are not scaled: in
  /// float32 a distance below about 1e-22 is 0 and one above 1e19 infinite. A NaN among the channels gives NaN.
  /// - Parameters:
  ///   - distances: `[2, batch, points, groups]`, contiguous: what the gradient needs.
  ///   - difference: `[batch, points, groups]`, contiguous.
  /// - Complexity: 6 batch points channels FLOP.
  func tripletDistance(_ triplet: Triplet, distances: TensorView, difference: TensorView)

  /// The gradients of `tripletDistance`'s difference, all in one pass over the triplet.
  ///
  ///     danchor = beta danchor + upstream (unit(anchor - positive) - unit(anchor - negative))
  ///     dpositive = beta dpositive - upstream unit(anchor - positive)
  ///     dnegative = beta dnegative + upstream unit(anchor - negative)
  ///
  /// with unit(x) = x / |x| in each group of channels, and 0 where the distance is 0, whatever the upstream. Where a
  /// distance is NaN so is the gradient.
  /// - Parameters:
  ///   - distances: as `tripletDistance` wrote them. They are all that is kept for the gradient: unit vectors would be as
  ///     large as two operands, and writing these once and reading them in place of three took a tenth longer on a CPU.
  ///   - upstream: `[batch, points, groups]`, contiguous.
  ///   - anchor, positive, negative: where the gradients go, of the triplet's shape and type, unit stride along the
  ///     channels; nil where none is wanted. Written in this order, so one may be the very view that another is; no
  ///     other memory is shared.
  /// - Complexity: 8 batch points channels FLOP.
  func tripletGradient(
    _ triplet: Triplet, distances: TensorView, upstream: TensorView, anchor: Accumulator?, positive: Accumulator?,
    negative: Accumulator?)
}

// MARK: - Compositions: the defaults, and the twins that tests hold fused kernels against

extension TripletOperations where Self: MemoryOperations & ElementwiseOperations & ReductionOperations {
  public func tripletDistance(_ triplet: Triplet, distances: TensorView, difference: TensorView) {
    composedTripletDistance(triplet, distances: distances, difference: difference)
  }

  public func tripletGradient(
    _ triplet: Triplet, distances: TensorView, upstream: TensorView, anchor: Accumulator?, positive: Accumulator?,
    negative: Accumulator?
  ) {
    composedTripletGradient(
      triplet, distances: distances, upstream: upstream, anchor: anchor, positive: positive, negative: negative)
  }

  /// Per group of channels a reduction for both squared distances, and a map over the points.
  public func composedTripletDistance(_ triplet: Triplet, distances: TensorView, difference: TensorView) {
    orTrap(try tripletDistanceRule(triplet, distances: distances, difference: difference))
    for group in triplet.groups {
      let operands = triplet.views.map { $0.sliced(axis: 2, group.channels) }
      let squares = (0..<2).map { _ in allocate(difference.elementType, triplet.anchor.shape.dropLast() + [1]) }
      reduce(.sum, squaresProgram, operands, scalars: [], domain: operands[0].shape, into: squares)
      map(rootsProgram, squares, into: distances.pair(group) + [difference.of(group)])
    }
  }

  /// Per group of channels a map for all three gradients, and one more for each that is added to what is there.
  public func composedTripletGradient(
    _ triplet: Triplet, distances: TensorView, upstream: TensorView, anchor: Accumulator?, positive: Accumulator?,
    negative: Accumulator?
  ) {
    let targets = [anchor, positive, negative]
    orTrap(try tripletGradientRule(triplet, distances: distances, upstream: upstream, into: targets))
    for group in triplet.groups {
      let operands = triplet.views.map { $0.sliced(axis: 2, group.channels) }
      let parts = targets.map { $0.map { Accumulator($0.view.sliced(axis: 2, group.channels), beta: $0.beta) } }
      let results = zip(operands, parts).map { operand, part in
        if let part, part.beta == 0 { part.view } else { allocate(operand.elementType, operand.shape) }
      }
      map(gradientProgram, operands + distances.pair(group) + [upstream.of(group)], into: results)
      for case (let result, let part?) in zip(results, parts) where part.beta != 0 {
        add(result, to: part)
      }
    }
  }
}

extension Triplet {
  fileprivate var groups: [(index: Int, channels: Range<Int>)] {
    zip(bounds, bounds.dropFirst()).enumerated().map { ($0, $1.0..<$1.1) }
  }
}

extension TensorView {
  /// One group's values of `[batch, points, groups]`.
  fileprivate func of(_ group: (index: Int, channels: Range<Int>)) -> TensorView {
    sliced(axis: 2, group.index..<group.index + 1)
  }

  /// One group's values of `[2, batch, points, groups]`.
  fileprivate func pair(_ group: (index: Int, channels: Range<Int>)) -> [TensorView] {
    (0..<2).map { selecting(axis: 0, $0).of(group) }
  }
}

private let squaresProgram = ElementwiseProgram("tripletDistance.squares", inputs: 3) { x, _ in
  let (p, n) = (x[0] - x[1], x[0] - x[2])
  return [p * p, n * n]
}
private let rootsProgram = ElementwiseProgram("tripletDistance.roots", inputs: 2) { x, _ in
  let (p, n) = (sqrt(x[0]), sqrt(x[1]))
  return [p, n, p - n]
}

/// Inputs: anchor, positive, negative, both distances, upstream.
private let gradientProgram = ElementwiseProgram("tripletDistance.gradient", inputs: 6) { x, _ in
  let towardsPositive = select(x[3], x[5] / x[3] * (x[0] - x[1]), 0)
  let towardsNegative = select(x[4], x[5] / x[4] * (x[0] - x[2]), 0)
  return [towardsPositive - towardsNegative, -towardsPositive, towardsNegative]
}

// MARK: - Shape rules

/// The contract of `tripletDistance`, as a pure rule.
public func tripletDistanceRule(_ triplet: Triplet, distances: TensorView, difference: TensorView) throws {
  try tripletRule(triplet)
  try perPointRule("distances", distances, [2] + triplet.perPoint, triplet)
  try perPointRule("difference", difference, triplet.perPoint, triplet)
}

/// The contract of `tripletGradient`, as a pure rule.
public func tripletGradientRule(
  _ triplet: Triplet, distances: TensorView, upstream: TensorView, into targets: [Accumulator?]
) throws {
  try tripletRule(triplet)
  try perPointRule("distances", distances, [2] + triplet.perPoint, triplet)
  try perPointRule("upstream", upstream, triplet.perPoint, triplet)
  let anchor = triplet.anchor
  for case (let name, let view?) in zip(["anchor", "positive", "negative"], targets.map { $0?.view })
  where view.shape != anchor.shape || view.elementType != anchor.elementType || !view.hasUnitChannelStride {
    throw ComputeError(
      .shape,
      what: "tripletDistance: the gradient of the \(name) is \(view.elementType) \(view.shape) with strides "
        + "\(view.strides)",
      why: "it is \(anchor.elementType) \(anchor.shape) like the \(name), with a point's channels side by side",
      mend: "pass a view of this shape")
  }
}

private func tripletRule(_ triplet: Triplet) throws {
  let (views, shape, type) = (triplet.views, triplet.anchor.shape, triplet.anchor.elementType)
  guard shape.count == 3, views.allSatisfy({ $0.shape == shape }) else {
    throw ComputeError(
      .shape, what: "tripletDistance: shapes \(views.map(\.shape)) of anchor, positive and negative",
      why: "all three are [batch, points, channels]", mend: "pass views of one shape")
  }
  guard type.isReal, views.allSatisfy({ $0.elementType == type && $0.hasUnitChannelStride }) else {
    throw ComputeError(
      .shape,
      what: "tripletDistance: types \(views.map { "\($0.elementType)" }.joined(separator: ", ")), strides "
        + "\(views.map(\.strides))",
      why: "all are of one real type with a point's channels side by side",
      mend: "copy them into contiguous tensors of one type first")
  }
  guard zip(triplet.bounds, triplet.bounds.dropFirst()).allSatisfy(<=) else {
    throw ComputeError(
      .shape, what: "tripletDistance: \(shape[2]) channels are split at \(triplet.bounds.dropFirst().dropLast())",
      why: "groups of channels follow each other", mend: "pass ascending positions up to the number of channels")
  }
}

private func perPointRule(_ name: String, _ view: TensorView, _ shape: [Int], _ triplet: Triplet) throws {
  guard view.shape == shape, view.elementType == triplet.anchor.elementType, view.isContiguous else {
    throw ComputeError(
      .shape, what: "tripletDistance: \(name) is \(view.elementType) \(view.shape) with strides \(view.strides)",
      why: "it has one value of the triplet's type per point and group of channels, without gaps",
      mend: "pass a contiguous \(triplet.anchor.elementType) \(shape) view")
  }
}

extension TensorView {
  fileprivate var hasUnitChannelStride: Bool { shape.last ?? 0 <= 1 || strides.last == 1 }
}
