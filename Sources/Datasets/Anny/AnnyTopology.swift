import Geometry

/// The surface of the official Anny model ("anny" topology: 13,718 vertices, 27,420 triangles), for checks against it.
enum AnnyTopology {
  /// Vertices at the genitals' helper patch, whose faces are replaced.
  private static func isDropped(_ vertex: Int) -> Bool {
    (1778...1793).contains(vertex) || (8450...8465).contains(vertex)
  }

  private static let patch: [[Int]] = [
    [8437, 8438, 8439, 8440], [8436, 8437, 8440, 8441], [8435, 8436, 8441, 8442], [8434, 8435, 8442, 8443],
    [8449, 8434, 8443, 8444], [8448, 8449, 8444, 8445], [8447, 8448, 8445, 8446], [1762, 1771, 1770, 1763],
    [1763, 1770, 1769, 1764], [1764, 1769, 1768, 1765], [1765, 1768, 1767, 1766], [1762, 1777, 1772, 1771],
    [1777, 1776, 1773, 1772], [1776, 1775, 1774, 1773],
  ]

  /// Body, eyes and tongue with the patch put in; quads split along their shorter diagonal.
  ///
  /// - Returns: ids of the vertices in use, ascending, and triangles counted among them.
  static func official(_ base: AnnyBaseMesh) -> (vertices: [Int], faces: [SIMD3<Int32>]) {
    let parts = ["body", "helper-l-eye", "helper-r-eye", "helper-tongue"]
    let quads = parts.flatMap { base.groups[$0] ?? [] }.filter { !$0.contains(where: isDropped) } + patch
    let used = Set(quads.joined()).sorted()
    let position = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($1, Int32($0)) })
    let faces = quads.flatMap { quad -> [SIMD3<Int32>] in
      let p = quad.map { base.vertices[$0] }
      let q = quad.compactMap { position[$0] }
      return norm(p[0] - p[2]) < norm(p[1] - p[3])
        ? [SIMD3(q[0], q[1], q[2]), SIMD3(q[2], q[3], q[0])] : [SIMD3(q[0], q[1], q[3]), SIMD3(q[3], q[1], q[2])]
    }
    return (used, faces)
  }
}
