import Compute

/// The nodes of one level whose features can differ, and how all others follow from them.
///
/// Two fake siblings with a fake parent always carry identical features: both copy their parent on the way up, neither has
/// a neighbour, and their diagonals agree. So one of them stands for both, and one for all four children of such a pair.
/// The saving is exact; statistics over nodes must count each representative `multiplicity` times. At the coarsest level
/// of the network a fully connected layer gives each node its own features: there all are distinct.
///
/// This is our own observation; the published code computes every node. 12288 rows of the usual body template become
/// about 7740.
public struct DistinctNodes: Sendable {
  /// The positions that represent their class, ascending.
  public let representatives: [Int32]
  /// How many positions each representative stands for, itself included.
  public let multiplicity: [Double]
  /// `[size of the level]`: the representative index that stands for each position.
  public let expansion: [Int32]
  /// The representative index on the next coarser level that each representative copies when features are upsampled;
  /// empty at the coarsest level.
  public let parent: [Int32]
  /// The level's operator over representatives, `[count, count]`.
  public let scaledLaplacian: CompressedRows

  public var count: Int { representatives.count }
}

extension GraphHierarchy {
  /// The distinct nodes of the levels that the network uses, finest first: all levels but the last.
  public var distinctNodes: [DistinctNodes] {
    precondition(levels.count >= 2, "distinctNodes: the network uses all levels but the last, and there is only one")
    var coarser: DistinctNodes?
    var result: [DistinctNodes] = []
    for l in (0..<(levels.count - 1)).reversed() {
      let distinct = distinctNodes(of: levels[l], below: coarser, parentIsReal: levels[l + 1].isReal)
      result.insert(distinct, at: 0)
      coarser = distinct
    }
    return result
  }

  private func distinctNodes(
    of level: Level, below coarser: DistinctNodes?, parentIsReal: (Int) -> Bool
  ) -> DistinctNodes {
    var representatives: [Int32] = []
    var multiplicity: [Double] = []
    var expansion: [Int32] = []
    var parent: [Int32] = []
    /// Of each fake representative of the coarser level, the representative of its children.
    var childOfFake: [Int32: Int32] = [:]
    for position in 0..<level.size {
      let parentIndex = coarser?.expansion[position / 2]
      if let parentIndex, !parentIsReal(position / 2), let known = childOfFake[parentIndex] {
        multiplicity[Int(known)] += 1
        expansion.append(known)
        continue
      }
      let index = Int32(representatives.count)
      representatives.append(Int32(position))
      multiplicity.append(1)
      expansion.append(index)
      if let parentIndex {
        parent.append(parentIndex)
        if !parentIsReal(position / 2) { childOfFake[parentIndex] = index }
      }
    }
    return DistinctNodes(
      representatives: representatives, multiplicity: multiplicity, expansion: expansion, parent: parent,
      scaledLaplacian: level.scaledLaplacian.restricted(to: representatives.map { Int($0) }))
  }
}
