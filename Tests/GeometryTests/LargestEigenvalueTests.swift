import Compute
import Foundation
import Geometry
import Testing

@Suite struct LargestEigenvalueTests {
  private func laplacian(_ count: Int, edges: [(Int, Int)]) -> CompressedRows {
    normalisedLaplacian(
      CompressedRows(
        rows: count, columns: count,
        entries: edges.flatMap { [(row: $0.0, column: $0.1, value: 1.0), (row: $0.1, column: $0.0, value: 1.0)] }))
  }

  /// The largest eigenvalue of a ring of n nodes is 1 - cos(2 pi floor(n/2) / n), a pair whose distance to the next one
  /// shrinks with n squared.
  @Test(arguments: [3, 4, 7, 50, 501])
  func ringsHaveTheirKnownEigenvalue(count: Int) {
    let ring = laplacian(count, edges: (0..<count).map { ($0, ($0 + 1) % count) })
    let expected = 1 - cos(2 * Double.pi * Double(count / 2) / Double(count))
    #expect(abs(largestEigenvalue(of: ring) - expected) < 1e-11)
  }

  /// All but one eigenvalue of a complete graph are n / (n - 1).
  @Test(arguments: [2, 5, 16])
  func completeGraphsHaveOneManifoldEigenvalue(count: Int) {
    let complete = laplacian(
      count, edges: (0..<count).flatMap { a in (0..<a).map { (a, $0) } })
    #expect(abs(largestEigenvalue(of: complete) - Double(count) / Double(count - 1)) < 1e-12)
  }

  @Test func isolatedNodesContributeTheirDiagonal() {
    #expect(largestEigenvalue(of: laplacian(3, edges: [])) == 1)
    #expect(abs(largestEigenvalue(of: laplacian(6, edges: [(1, 2), (4, 5)])) - 2) < 1e-14)
    // Self loops alone push eigenvalues below one, so the isolated node has the largest.
    let looped = normalisedLaplacian(
      CompressedRows(rows: 3, columns: 3, entries: [(0, 0, 8), (0, 1, 1), (1, 0, 1), (1, 1, 8)]))
    #expect(largestEigenvalue(of: looped) == 1)
  }

  @Test(arguments: GraphHierarchyTests.hierarchy.levels.map(\.adjacency))
  func agreesWithDenseJacobi(adjacency: CompressedRows) {
    let matrix = normalisedLaplacian(adjacency)
    let largest = jacobiEigenvalues(matrix).max()!
    #expect(abs(largestEigenvalue(of: matrix) - largest) < 1e-12)
  }

  /// All eigenvalues by cyclic Jacobi rotations.
  private func jacobiEigenvalues(_ matrix: CompressedRows) -> [Double] {
    let n = matrix.rows
    var a = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
    for r in 0..<n {
      for entry in matrix.row(r) { a[r][entry.column] = entry.value }
    }
    for _ in 0..<20 {
      for p in 0..<n {
        for q in (p + 1)..<max(n, p + 1) where abs(a[p][q]) > 1e-17 {
          let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
          let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let s = t * c
          for k in 0..<n { (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]) }
          for k in 0..<n { (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]) }
        }
      }
    }
    return (0..<n).map { a[$0][$0] }
  }
}
