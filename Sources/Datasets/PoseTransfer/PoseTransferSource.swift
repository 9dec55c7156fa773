import Geometry

/// A set of meshes of several identities, each in the same poses, with one vertex order: what pose transfer is trained
/// and measured on.
public protocol PoseTransferSource: Sendable {
  /// In a few words, for logs and reports.
  var summary: String { get }

  var vertexCount: Int { get }

  /// Triangles of every mesh.
  var faces: [SIMD3<Int32>] { get }

  /// The identities and poses of a split; the splits of training and test share none.
  func range(_ split: SampleSplit) -> PoseTransferRange

  /// The vertices of one mesh where its maker put them, metres.
  ///
  /// - Throws: `ComputeError` when the mesh cannot be had.
  func vertices(_ mesh: PosedIdentity) throws -> [SIMD3<Double>]

  /// `[vertices, 3]`: the mesh with the middle of its own box at the origin, in double precision, then rounded.
  ///
  /// - Throws: As `vertices(_:)`.
  func centredVertices(_ mesh: PosedIdentity) throws -> [Float]

  /// The pairs on which a split is measured: `count` at most, the same for the same seed.
  ///
  /// - Throws: `ComputeError` `.configuration` when the split is empty.
  func pairs(of split: SampleSplit, count: Int, seed: UInt64) throws -> [PoseTransferPair]
}

extension PoseTransferSource {
  public func centredVertices(_ mesh: PosedIdentity) throws -> [Float] { centred(try vertices(mesh)) }

  public func pairs(of split: SampleSplit, count: Int, seed: UInt64) throws -> [PoseTransferPair] {
    try range(split).pairs(of: split, count: count, seed: seed)
  }
}

extension PoseTransferRange {
  /// Draws two meshes per pair, independently: as in the published lists, both may be of one identity or in one pose.
  func pairs(of split: SampleSplit, count: Int, seed: UInt64) throws -> [PoseTransferPair] {
    try requireMeshes(in: self, "the \(split) split")
    var random = PoseTransferStream.drawnPairs.generator(seed: seed, number: Int(split.rawValue))
    return (0..<count).map { _ in
      PoseTransferPair(identityMesh: mesh(using: &random), poseMesh: mesh(using: &random))
    }
  }
}

/// Vertices centred by their box and rounded to float32, one coordinate after the other.
func centred(_ vertices: [SIMD3<Double>]) -> [Float] {
  centredByBox(vertices).flatMap { [Float($0.x), Float($0.y), Float($0.z)] }
}
