import Compute

/// The mesh on which MakeHuman's targets, rigs and weights are numbered (`base.obj`): the body, eyes and tongue, clothes
/// helpers, and small cubes that mark the joints.
struct AnnyBaseMesh {
  /// Metres; z up, facing -y, the body's left at +x.
  let vertices: [SIMD3<Double>]
  /// Faces of each group, as vertex indices from 0; all are quads in the file read here.
  let groups: [String: [[Int]]]

  /// From decimetres, y up and facing +z, to metres, z up and facing -y. Linear, so it holds for offsets too.
  static func converted(_ p: SIMD3<Double>) -> SIMD3<Double> { SIMD3(p.x, -p.z, p.y) * 0.1 }

  /// Reads vertices, faces and groups of a Wavefront OBJ text; texture coordinates are passed over.
  init(obj bytes: [UInt8], name: String) throws {
    var text = NumberText(bytes, name: name)
    var vertices: [SIMD3<Double>] = []
    var groups: [String: [[Int]]] = [:]
    var group = ""
    while !text.isAtEnd {
      switch text.word() {
      case "v": vertices.append(Self.converted(SIMD3(try text.double(), try text.double(), try text.double())))
      case "g": group = text.word()
      case "f":
        var face: [Int] = []
        while !text.isAtLineEnd() {
          let corner = try text.integer()
          text.skipWord()
          guard (1...vertices.count).contains(corner) else {
            throw text.fault(
              "a face names vertex \(corner) of \(vertices.count)", mend: "get the wheel again: it may be damaged")
          }
          face.append(corner - 1)
        }
        groups[group, default: []].append(face)
      default: break
      }
      text.nextLine()
    }
    self.vertices = vertices
    self.groups = groups
  }

  /// The distinct vertices of a group, ascending.
  func vertices(ofGroup name: String) -> [Int]? { groups[name].map { Set($0.joined()).sorted() } }
}
