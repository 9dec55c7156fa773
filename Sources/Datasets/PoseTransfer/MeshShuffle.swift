import Geometry

/// A new order of a mesh's vertices.
///
/// The network's first convolution runs along the vertex list, and the negatives of the point loss are neighbours in it.
/// So all meshes are shuffled, in training and in use (MAPConNet, released code).
public struct MeshShuffle: Sendable, Equatable {
  /// New vertex i is old vertex `order[i]`.
  public let order: [Int32]
  /// Old vertex j is new vertex `place[j]`.
  public let place: [Int32]

  /// A random order, all as likely.
  public init(vertexCount: Int, using random: inout some RandomNumberGenerator) {
    order = random.permutation(of: vertexCount)
    var place = order
    for (new, old) in order.enumerated() { place[Int(old)] = Int32(new) }
    self.place = place
  }

  /// `[vertices, 3]` in the new order.
  public func points(_ old: [Float]) -> [Float] { Self.select(old, order) }

  /// `[vertices, 3]` of the new order in the old one again.
  public func restored(_ new: [Float]) -> [Float] { Self.select(new, place) }

  /// `[faces, 3]`: the same triangles, in their order, with the vertices' new numbers.
  public func faces(_ old: [SIMD3<Int32>]) -> [Int32] {
    [Int32](unsafeUninitializedCapacity: 3 * old.count) { corners, count in
      for (index, face) in old.enumerated() {
        for k in 0..<3 { corners[3 * index + k] = place[Int(face[k])] }
      }
      count = 3 * old.count
    }
  }

  private static func select(_ points: [Float], _ rows: [Int32]) -> [Float] {
    precondition(points.count == 3 * rows.count, "MeshShuffle: \(points.count) coordinates, \(rows.count) vertices")
    return [Float](unsafeUninitializedCapacity: points.count) { selected, count in
      for (index, row) in rows.enumerated() {
        for k in 0..<3 { selected[3 * index + k] = points[3 * Int(row) + k] }
      }
      count = points.count
    }
  }
}
