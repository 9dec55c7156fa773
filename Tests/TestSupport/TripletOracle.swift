import Compute

/// Triplet distances and their gradients in Double, with loops over `[batch, points, channels]`.
public struct TripletOracle {
  public let anchor, positive, negative: HostTensor
  /// Where groups of channels begin, and where the last one ends.
  public let bounds: [Int]

  public init(_ anchor: HostTensor, _ positive: HostTensor, _ negative: HostTensor, splitAt splits: [Int]) {
    self.anchor = anchor
    self.positive = positive
    self.negative = negative
    bounds = [0] + splits + [anchor.shape[2]]
  }

  private var groupCount: Int { bounds.count - 1 }
  private var pointCount: Int { anchor.shape[0] * anchor.shape[1] }

  /// The distance of every anchor to its partner, one per group of channels.
  public func distances(to partner: HostTensor) -> [Double] {
    var result: [Double] = []
    for point in 0..<pointCount {
      for group in 0..<groupCount {
        var square = 0.0
        for channel in bounds[group]..<bounds[group + 1] {
          let position = point * anchor.shape[2] + channel
          let difference = anchor.values[position] - partner.values[position]
          square += difference * difference
        }
        result.append(square.squareRoot())
      }
    }
    return result
  }

  /// Upstream times the unit vectors from the partners to the anchors; 0 where they coincide.
  private func pulls(from partner: HostTensor, _ upstream: [Double]) -> [Double] {
    let lengths = distances(to: partner)
    var result = anchor.values.map { _ in 0.0 }
    for point in 0..<pointCount {
      for group in 0..<groupCount where lengths[point * groupCount + group] != 0 {
        let pair = point * groupCount + group
        for channel in bounds[group]..<bounds[group + 1] {
          let position = point * anchor.shape[2] + channel
          result[position] = upstream[pair] * (anchor.values[position] - partner.values[position]) / lengths[pair]
        }
      }
    }
    return result
  }

  /// The gradients of anchor, positive and negative, each added to beta times what was there.
  public func gradients(_ upstream: [Double], beta: Double, adding old: [HostTensor]) -> [SummedTensor] {
    let (towards, away) = (pulls(from: positive, upstream), pulls(from: negative, upstream))
    let terms = [
      [towards, away.map { -$0 }], [towards.map { -$0 }], [away],
    ]
    return zip(terms, old).map { terms, old in
      var sum = SummedTensor(anchor.shape)
      for position in anchor.values.indices {
        let parts = terms.map { $0[position] } + (beta == 0 ? [] : [beta * old.values[position]])
        sum.tensor.values[position] = parts.reduce(0, +)
        sum.magnitude[position] = parts.reduce(0) { $0 + abs($1) }
      }
      return sum
    }
  }
}
