import Compute
import Geometry
import Testing

@Suite struct DistinctNodesTests {
  private let hierarchy = GraphHierarchyTests.hierarchy

  @Test func representativesCoverTheLevel() {
    for (level, distinct) in zip(hierarchy.levels, hierarchy.distinctNodes) {
      #expect(distinct.representatives == distinct.representatives.sorted())
      #expect(distinct.expansion.count == level.size)
      #expect(distinct.multiplicity.reduce(0, +) == Double(level.size))
      for (index, position) in distinct.representatives.enumerated() {
        #expect(distinct.expansion[Int(position)] == Int32(index))
        #expect(distinct.expansion.firstIndex(of: Int32(index)) == Int(position))
        if level.isReal(Int(position)) { #expect(distinct.multiplicity[index] == 1) }
      }
    }
  }

  /// Real nodes, fake nodes with a real parent, and one for each distinct fake parent.
  @Test func countsFollowTheRule() {
    let distinct = hierarchy.distinctNodes
    #expect(distinct.count == hierarchy.levels.count - 1)
    #expect(distinct.last!.count == hierarchy.levels[distinct.count - 1].size)
    for l in 0..<(distinct.count - 1) {
      let coarse = hierarchy.levels[l + 1]
      let besideSingles = 2 * coarse.realCount - hierarchy.levels[l].realCount
      let distinctFakeParents = distinct[l + 1].representatives.count { !coarse.isReal(Int($0)) }
      #expect(distinct[l].count == hierarchy.levels[l].realCount + besideSingles + distinctFakeParents)
    }
  }

  /// The proof of the saving: features that go up through every level, mixed by the operator and bent in between, are the
  /// same to the bit on all nodes and on representatives alone.
  @Test func propagationOnRepresentativesIsExact() {
    let distinct = hierarchy.distinctNodes
    var random = PhiloxGenerator(seed: 1, stream: 0)
    var full = (0..<hierarchy.levels[distinct.count - 1].size).map { _ in random.normal() }
    var reduced = distinct.last!.representatives.map { full[Int($0)] }
    for l in distinct.indices.reversed() {
      let level = hierarchy.levels[l]
      if l < distinct.count - 1 {
        full = (0..<level.size).map { full[$0 / 2] }
        reduced = distinct[l].parent.map { reduced[Int($0)] }
      }
      for _ in 0..<2 {
        full = multiply(level.scaledLaplacian, full).map { $0 * $0 - $0 + 0.1 }
        reduced = multiply(distinct[l].scaledLaplacian, reduced).map { $0 * $0 - $0 + 0.1 }
      }
      #expect(distinct[l].expansion.map { reduced[Int($0)] } == full)
      #expect(Set(full).count > 1)
      let sum = zip(reduced, distinct[l].multiplicity).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(sum - full.reduce(0, +)) < 1e-12 * full.reduce(0) { $0 + abs($1) })
    }
  }

  @Test func mostFakeNodesVanish() throws {
    let hierarchy = try GraphHierarchy(of: .uvSphere(rings: 29, segments: 31), levels: 7)
    let fake = hierarchy.levels[0].size - hierarchy.vertexCount
    let left = hierarchy.distinctNodes[0].count - hierarchy.vertexCount
    #expect(fake > 300)
    #expect(left < fake / 3)
  }
}

@Suite struct ChebyshevOperatorsTests {
  /// The re-associated layer against its definition `X W0 + T1 W1 + T2 W2`, T1 = L X, T2 = 2 L T1 - X, for one input and
  /// one output channel, with and without upsampling.
  @Test(arguments: [false, true])
  func equalsThePlainLayer(isUpsampled: Bool) {
    let distinct = GraphHierarchyTests.hierarchy.distinctNodes
    let laplacian = distinct[0].scaledLaplacian
    let coarseCount = isUpsampled ? distinct[1].count : laplacian.rows
    let operators =
      isUpsampled
      ? ChebyshevOperators(laplacian: laplacian, upsampling: distinct[0].parent, from: coarseCount)
      : ChebyshevOperators(laplacian: laplacian)
    var random = PhiloxGenerator(seed: 2, stream: 0)
    let x = (0..<coarseCount).map { _ in random.normal() }
    let w = (0..<3).map { _ in random.normal() }

    let fine = isUpsampled ? distinct[0].parent.map { x[Int($0)] } : x
    let first = multiply(laplacian, fine)
    let second = zip(multiply(laplacian, first), fine).map { 2 * $0 - $1 }
    let expected = fine.indices.map { fine[$0] * w[0] + first[$0] * w[1] + second[$0] * w[2] }

    let u = x.flatMap { [$0 * (w[0] - w[2]), $0 * w[1], $0 * 2 * w[2]] }
    let t = multiply(operators.inner, u)
    let y = zip(multiply(operators.outer, u), multiply(operators.laplacian, t)).map { $0 + $1 }
    for (a, b) in zip(y, expected) { #expect(abs(a - b) < 1e-14) }
    #expect(y.count == expected.count)
  }
}

/// The product of a sparse matrix and a vector.
func multiply(_ matrix: CompressedRows, _ x: [Double]) -> [Double] {
  precondition(x.count == matrix.columns)
  return (0..<matrix.rows).map { r in matrix.row(r).reduce(0) { $0 + $1.value * x[$1.column] } }
}
