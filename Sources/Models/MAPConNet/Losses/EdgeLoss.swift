import Layers

/// How much a mesh's edges have changed their lengths.
///
///     loss = mean over samples and faces of the sum over a face's edges of | |edge| / |reference edge| - 1 |
///
/// An edge that two faces share counts twice. An edge of the mesh that has shrunk to a point has gradient 0.
struct EdgeLoss {
  /// The two ends of every edge, three per face, in each sample.
  private let start, end: RowIndex
  /// `[batch, edges, 1]`.
  private let lengths: Tensor
  private let faceCount: Int

  /// - Parameters:
  ///   - faces: one list per sample, all of one length, at least one face.
  ///   - reference: `[batch, points, 3]`; edges of length 0 are invalid. No gradient flows to it.
  init(faces: MeshFaces, reference: Tensor) {
    start = faces.edgeStart
    end = faces.edgeEnd
    faceCount = faces.count
    lengths = fused("edgeLength", Self.squares(reference.detached, start, end)) { sqrt($0) }
  }

  /// - Parameter points: `[batch, points, 3]`.
  /// - Returns: `[1]`: weight times the loss.
  func callAsFunction(_ points: Tensor, weight: Double) -> Tensor {
    let count = Double(points.shape[0] * faceCount)
    return fusedSum("edgeLoss", [Self.squares(points, start, end), lengths], scalars: [weight / count]) { x, s in
      [s[0] * abs(sqrt(x[0]) / x[1] - 1)]
    }[0]
  }

  /// The squared length of every edge, `[batch, edges, 1]`.
  private static func squares(_ points: Tensor, _ start: RowIndex, _ end: RowIndex) -> Tensor {
    fusedSum("edgeSquare", [gather(points, start), gather(points, end)], alongAxis: 2) { x, _ in
      let d = x[0] - x[1]
      return d * d
    }
  }
}

/// The faces of a batch of meshes on a device: each sample has its own list, because vertex orders differ.
public struct MeshFaces {
  let edgeStart, edgeEnd: RowIndex
  let count: Int

  /// - Parameters:
  ///   - faces: one list per sample, all of one length.
  ///   - vertexCount: of each mesh.
  public init(_ faces: [[SIMD3<Int32>]], vertexCount: Int, on device: any Device) {
    precondition(
      faces.allSatisfy { $0.count == faces[0].count }, "MeshFaces: meshes of a batch have equally many faces")
    count = faces[0].count
    func index(_ ends: (SIMD3<Int32>) -> [Int32]) -> RowIndex {
      RowIndex(faces.joined().flatMap(ends), lists: faces.count, sourceRows: vertexCount, on: device)
    }
    edgeStart = index { [$0.x, $0.y, $0.x] }
    edgeEnd = index { [$0.y, $0.z, $0.z] }
  }
}
