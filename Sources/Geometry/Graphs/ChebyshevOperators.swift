import Compute

/// The constant matrices of a Chebyshev graph convolution of order 3 in re-associated form, upsampling included.
///
/// The plain layer on upsampled features `X = P x` is `Y = X W0 + (L X) W1 + (2 L L X - X) W2`. As L and P commute with
/// the weights, one product at the coarse size makes `U = x [W0 - W2 | W1 | 2 W2]`, seen as rows `3 v + k` of the output's
/// width, and then
///
///     t = P U1 + (L P) U2        t = inner * U
///     Y = P U0 + L t             Y = outer * U + laplacian * t
///
/// so that sparse products run at the output's width and nothing is concatenated.
public struct ChebyshevOperators: Sendable {
  /// `[nodes, 3 * coarse nodes]`: P in columns 3v + 1 and L P in columns 3v + 2.
  public let inner: CompressedRows
  /// `[nodes, 3 * coarse nodes]`: P in columns 3v.
  public let outer: CompressedRows
  /// L, `[nodes, nodes]`.
  public let laplacian: CompressedRows

  /// - Parameters:
  ///   - laplacian: the level's operator.
  ///   - parent: of each node the coarse node that it copies (`DistinctNodes.parent`), or nil where features are not
  ///     upsampled.
  ///   - coarseCount: how many coarse nodes there are.
  public init(laplacian: CompressedRows, upsampling parent: [Int32]?, from coarseCount: Int) {
    precondition(parent.map { $0.count == laplacian.rows } ?? (coarseCount == laplacian.rows))
    let copied = { (node: Int) in parent.map { Int($0[node]) } ?? node }
    var inner: [(row: Int, column: Int, value: Double)] = []
    var outer: [(row: Int, column: Int, value: Double)] = []
    inner.reserveCapacity(laplacian.value.count + laplacian.rows)
    outer.reserveCapacity(laplacian.rows)
    for node in 0..<laplacian.rows {
      outer.append((node, 3 * copied(node), 1))
      inner.append((node, 3 * copied(node) + 1, 1))
      for entry in laplacian.row(node) { inner.append((node, 3 * copied(entry.column) + 2, entry.value)) }
    }
    self.inner = CompressedRows(rows: laplacian.rows, columns: 3 * coarseCount, entries: inner)
    self.outer = CompressedRows(rows: laplacian.rows, columns: 3 * coarseCount, entries: outer)
    self.laplacian = laplacian
  }

  /// For a layer that keeps its level.
  public init(laplacian: CompressedRows) { self.init(laplacian: laplacian, upsampling: nil, from: laplacian.rows) }
}
