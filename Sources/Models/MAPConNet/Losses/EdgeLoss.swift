import Layers

/// Over what the edge loss is averaged.
public enum EdgeAverage: String, Codable, Sendable, CaseIterable {
  /// Over faces, of which each adds its three edges: an edge that two faces share counts twice, one at the border once.
  case facesSum = "faces-sum"
  /// Over the distinct edges: on a closed mesh a third of the other.
  case uniqueEdges = "unique-edges"
}

/// How much a mesh's edges have changed their lengths.
///
///     loss = mean over samples and faces of the sum over a face's edges of | |edge| / |reference edge| - 1 |
///
/// or the mean over samples and distinct edges, see `EdgeAverage`. An edge of the mesh that has shrunk to a point has
/// gradient 0.
struct EdgeLoss {
  private let faces: MeshFaces
  /// `[batch, edges, 1]`.
  private let lengths: Tensor

  /// - Parameters:
  ///   - faces: at least one per sample.
  ///   - reference: `[batch, points, 3]`; edges of length 0 are invalid. No gradient flows to it.
  init(faces: MeshFaces, reference: Tensor) {
    self.faces = faces
    lengths = fused("edgeLength", Self.squares(reference.detached, faces)) { sqrt($0) }
  }

  /// - Parameter points: `[batch, points, 3]`.
  /// - Returns: `[1]`: weight times the loss.
  func callAsFunction(_ points: Tensor, weight: Double) -> Tensor {
    let count = Double(points.shape[0] * faces.count)
    return fusedSum("edgeLoss", [Self.squares(points, faces), lengths], scalars: [weight / count]) { x, s in
      [s[0] * abs(sqrt(x[0]) / x[1] - 1)]
    }[0]
  }

  /// The squared length of every edge, `[batch, edges, 1]`.
  private static func squares(_ points: Tensor, _ faces: MeshFaces) -> Tensor {
    fusedSum("edgeSquare", [gather(points, faces.edgeStart), gather(points, faces.edgeEnd)], alongAxis: 2) { x, _ in
      let d = x[0] - x[1]
      return d * d
    }
  }
}

/// The faces of a batch of meshes on a device, as the edge loss reads them: each sample has its own list, because vertex
/// orders differ.
public struct MeshFaces {
  /// The two ends of every edge that counts: three per face, or each distinct edge once.
  let edgeStart, edgeEnd: RowIndex
  /// What the loss is averaged over, per sample: faces, or distinct edges.
  let count: Int

  /// - Parameters:
  ///   - faces: one list per sample, with equally many faces (and distinct edges, where these are counted).
  ///   - vertexCount: of each mesh.
  public init(
    _ faces: [[SIMD3<Int32>]], vertexCount: Int, average: EdgeAverage = .facesSum, on device: any Device
  ) {
    let edges = faces.map { average == .facesSum ? Self.edges(of: $0) : Self.distinctEdges(of: $0) }
    precondition(
      edges.allSatisfy { $0.count == edges[0].count }, "MeshFaces: meshes of a batch have equally many faces and edges")
    count = average == .facesSum ? faces[0].count : edges[0].count
    func index(_ end: (SIMD2<Int32>) -> Int32) -> RowIndex {
      RowIndex(edges.joined().map(end), lists: edges.count, sourceRows: vertexCount, on: device)
    }
    edgeStart = index(\.x)
    edgeEnd = index(\.y)
  }

  /// Three per face.
  private static func edges(of faces: [SIMD3<Int32>]) -> [SIMD2<Int32>] {
    faces.flatMap { [SIMD2($0.x, $0.y), SIMD2($0.y, $0.z), SIMD2($0.x, $0.z)] }
  }

  /// Each once, whichever way it is run through, in ascending order.
  private static func distinctEdges(of faces: [SIMD3<Int32>]) -> [SIMD2<Int32>] {
    let keys = Set(edges(of: faces).map { Int64(min($0.x, $0.y)) << 32 | Int64(max($0.x, $0.y)) })
    return keys.sorted().map { SIMD2(Int32($0 >> 32), Int32(truncatingIfNeeded: $0)) }
  }
}
