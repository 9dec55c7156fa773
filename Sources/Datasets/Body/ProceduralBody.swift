import Compute
import Foundation
import Geometry

/// A mannequin made by code alone, for when the Anny model cannot be had: round limbs around the same skeleton of motion,
/// in one closed surface, varying in stature, girth, build and proportions.
///
/// It takes the same phenotypes and poses as Anny, so all that follows works alike; shapes are crude and results say
/// nothing about real people.
public enum ProceduralBody {
  /// Edge length of the grid on which the surface is meshed, metres.
  private static let spacing = 0.04

  public static let model: BodyModel = {
    let low = SIMD3(-0.8, -0.4, -1.1)
    let mesh = surfaceNet(of: distance, from: low, to: SIMD3(0.8, 0.4, 1), spacing: spacing)
    let bones = limbs.map(\.bone)
    let skeleton = Skeleton(
      names: bones, parents: limbs.map { limb in limb.parent.flatMap { bones.firstIndex(of: $0) } ?? -1 })
    let heads = limbs.map(\.head)
    let offsets = shapes.flatMap { shape in mesh.vertices.flatMap { v in shapeUnits(shape.offset(v)) } }
    return BodyModel(
      name: "procedural-\(mesh.vertices.count)", faces: mesh.faces, skeleton: skeleton,
      template: mesh.vertices.flatMap { [Float($0.x), Float($0.y), Float($0.z)] }, shapes: offsets,
      shapeFactors: shapes.map { [$0.factor] }, boneHeads: heads,
      boneHeadShapes: shapes.flatMap { shape in heads.map { shape.movesBones ? shape.offset($0) : .zero } },
      skin: SkinWeights(mesh.vertices.map { influences($0, skeleton) }),
      jointRegressors: [
        "human36": regressor(human36, mesh.vertices), "coco": regressor(coco, mesh.vertices),
      ])
  }()

  // MARK: Skeleton and surface

  /// A bone and the flesh around it: a tapered capsule from the bone's head to its end.
  private struct Limb: Sendable {
    let bone: String
    let parent: String?
    let head, end: SIMD3<Double>
    /// Radius at the head and at the end, metres.
    let radii: SIMD2<Double>

    /// Nearest point of the axis, and the distance from the flesh (negative inside).
    func nearest(_ p: SIMD3<Double>) -> (axis: SIMD3<Double>, distance: Double) {
      let along = end - head
      let t = min(max(dot(p - head, along) / dot(along, along), 0), 1)
      let axis = head + t * along
      return (axis, norm(p - axis) - (radii.x + t * (radii.y - radii.x)))
    }
  }

  /// Metres; z up, facing -y, left is +x; standing with arms half lowered. Parents precede their children.
  private static let limbs: [Limb] = {
    func limb(
      _ bone: String, _ parent: String?, _ head: SIMD3<Double>, _ end: SIMD3<Double>, _ r0: Double, _ r1: Double
    ) -> Limb { Limb(bone: bone, parent: parent, head: head, end: end, radii: SIMD2(r0, r1)) }
    let middle = [
      limb("root", nil, SIMD3(0, 0, 0), SIMD3(0, 0, 0.08), 0.13, 0.12),
      limb("spine04", "root", SIMD3(0, 0, 0.08), SIMD3(0, 0, 0.2), 0.12, 0.115),
      limb("spine03", "spine04", SIMD3(0, 0, 0.2), SIMD3(0, 0, 0.32), 0.115, 0.13),
      limb("spine02", "spine03", SIMD3(0, 0, 0.32), SIMD3(0, 0, 0.5), 0.13, 0.09),
      limb("neck01", "spine02", SIMD3(0, 0, 0.5), SIMD3(0, -0.01, 0.6), 0.06, 0.055),
      limb("head", "neck01", SIMD3(0, -0.01, 0.6), SIMD3(0, -0.02, 0.75), 0.075, 0.085),
    ]
    let sides = [(name: "L", sign: 1.0), (name: "R", sign: -1.0)].flatMap { side in
      let at = { (x: Double, y: Double, z: Double) in SIMD3(side.sign * x, y, z) }
      let name = { (bone: String) in "\(bone).\(side.name)" }
      return [
        limb(name("upperleg01"), "root", at(0.09, 0, -0.04), at(0.13, 0, -0.46), 0.085, 0.06),
        limb(name("lowerleg01"), name("upperleg01"), at(0.13, 0, -0.46), at(0.16, 0.02, -0.87), 0.058, 0.045),
        limb(name("foot"), name("lowerleg01"), at(0.16, 0.02, -0.87), at(0.18, -0.13, -0.9), 0.045, 0.042),
        limb(name("clavicle"), "spine02", at(0.04, 0, 0.45), at(0.17, 0, 0.44), 0.08, 0.065),
        limb(name("upperarm01"), name("clavicle"), at(0.17, 0, 0.44), at(0.37, 0, 0.24), 0.06, 0.05),
        limb(name("lowerarm01"), name("upperarm01"), at(0.37, 0, 0.24), at(0.54, -0.04, 0.07), 0.05, 0.042),
        limb(name("wrist"), name("lowerarm01"), at(0.54, -0.04, 0.07), at(0.63, -0.06, -0.02), 0.042, 0.042),
      ]
    }
    return middle + sides
  }()

  /// Signed distance to the limbs' union, rounded where they meet.
  private static func distance(_ p: SIMD3<Double>) -> Double {
    limbs.reduce(Double.infinity) { nearest, limb in
      let d = limb.nearest(p).distance
      // Polynomial smooth minimum, blending over 3 cm.
      let h = max(0.03 - abs(nearest - d), 0) / 0.03
      return nearest.isFinite ? min(nearest, d) - h * h * 0.03 / 4 : d
    }
  }

  /// Bones near a vertex: the nearest and its parent and children, by a bell over the distance from the flesh.
  private static func influences(_ p: SIMD3<Double>, _ skeleton: Skeleton) -> [(bone: Int, weight: Double)] {
    let distances = limbs.map { $0.nearest(p).distance }
    guard let nearest = distances.indices.min(by: { distances[$0] < distances[$1] }) else { return [] }
    return distances.indices.compactMap { bone in
      guard bone == nearest || skeleton.parents[bone] == nearest || skeleton.parents[nearest] == bone else {
        return nil
      }
      let away = (distances[bone] - distances[nearest]) / 0.04
      return away < 3 ? (bone, 1 / (1 + away * away * away * away)) : nil
    }
  }

  // MARK: Shapes

  /// A linear change of the body: where a point moves when the factor has full weight.
  private struct Shape: Sendable {
    let factor: ShapeFactor
    /// False when only the flesh changes.
    let movesBones: Bool
    let offset: @Sendable (SIMD3<Double>) -> SIMD3<Double>
  }

  private static let shapes: [Shape] = [
    Shape(factor: .minheight, movesBones: true) { $0 * -0.16 },
    Shape(factor: .maxheight, movesBones: true) { $0 * 0.2 },
    Shape(factor: .minweight, movesBones: false) { outward($0) * -0.2 },
    Shape(factor: .maxweight, movesBones: false) { outward($0) * (0.35 + 0.3 * trunk($0)) },
    Shape(factor: .minmuscle, movesBones: false) { outward($0) * -0.1 },
    Shape(factor: .maxmuscle, movesBones: false) { outward($0) * (0.25 - 0.15 * trunk($0)) },
    Shape(factor: .female, movesBones: true) { p in
      // Wider hips, narrower shoulders.
      SIMD3(p.x * (0.12 * bell((p.z + 0.05) / 0.2) - 0.1 * rise(p.z, 0.2, 0.4)), 0, 0)
    },
    Shape(factor: .old, movesBones: false) { p in
      // A belly.
      SIMD3(0, -0.06 * bell((p.z - 0.12) / 0.1) * bell(p.x / 0.12) * rise(-p.y, 0, 0.1), 0)
    },
    Shape(factor: .uncommonproportions, movesBones: true) { p in
      // A longer trunk on shorter legs.
      SIMD3(0, 0, p.z > 0 ? 0.1 * min(p.z, 0.5) : -0.1 * p.z)
    },
  ]

  /// The vector from the axis of the nearest limb to its skin: flesh grows in proportion to what is there.
  private static func outward(_ p: SIMD3<Double>) -> SIMD3<Double> {
    let nearest = limbs.map { $0.nearest(p) }.min { $0.distance < $1.distance }
    return nearest.map { p - $0.axis } ?? .zero
  }

  /// 1 on the trunk, falling to 0 along arms, legs and neck.
  private static func trunk(_ p: SIMD3<Double>) -> Double {
    rise(0.3 - abs(p.x), 0, 0.15) * rise(p.z, -0.3, -0.05) * rise(0.55 - p.z, 0, 0.15)
  }

  /// 0 below `low`, 1 above `high`, smooth between.
  private static func rise(_ x: Double, _ low: Double, _ high: Double) -> Double {
    let t = min(max((x - low) / (high - low), 0), 1)
    return t * t * (3 - 2 * t)
  }

  private static func bell(_ x: Double) -> Double { exp(-x * x) }

  private static func shapeUnits(_ offset: SIMD3<Double>) -> [Int16] {
    (0..<3).map { Int16((offset[$0] / Double(BodyModel.shapeUnit)).rounded()) }
  }

  // MARK: Joints

  private static func head(_ bone: String) -> SIMD3<Double> { limbs.first { $0.bone == bone }?.head ?? .zero }

  private static let nose = SIMD3(0, -0.1, 0.67)

  /// Joints of `JointSet.human36` in the rest pose; a list of several means their midpoint.
  private static var human36: [[SIMD3<Double>]] {
    let leg = { (side: String) in ["upperleg01", "lowerleg01", "foot"].map { [head("\($0).\(side)")] } }
    let arm = { (side: String) in ["upperarm01", "lowerarm01", "wrist"].map { [head("\($0).\(side)")] } }
    return [[head("upperleg01.R"), head("upperleg01.L")]] + leg("R") + leg("L")
      + [[head("spine02")], [head("neck01")], [nose], [SIMD3(0, -0.02, 0.83)]] + arm("L") + arm("R")
  }

  /// Joints of `JointSet.coco`.
  private static var coco: [[SIMD3<Double>]] {
    let pair = { (p: SIMD3<Double>) in [[p], [SIMD3(-p.x, p.y, p.z)]] }
    let bones = { (names: [String]) in names.flatMap { name in ["L", "R"].map { [head("\(name).\($0)")] } } }
    let limbs = bones(["upperarm01", "lowerarm01", "wrist", "upperleg01", "lowerleg01", "foot"])
    return [[nose]] + pair(SIMD3(0.03, -0.09, 0.71)) + pair(SIMD3(0.08, -0.01, 0.69)) + limbs
      + [limbs[6] + limbs[7], limbs[0] + limbs[1]]
  }

  /// Weights over the sixteen vertices nearest to each point, as even as possible while they sum to 1 and their mean is
  /// the point; a midpoint's weights are the mean of its points' weights.
  private static func regressor(_ joints: [[SIMD3<Double>]], _ vertices: [SIMD3<Double>]) -> CompressedRows {
    var entries: [(row: Int, column: Int, value: Double)] = []
    for (row, points) in joints.enumerated() {
      for point in points {
        let distances = vertices.map { norm($0 - point) }
        let near = vertices.indices.sorted { (distances[$0], $0) < (distances[$1], $1) }.prefix(16)
        // w = 1/n + A^T (A A^T)^-1 (b - A 1/n), rows of A: x, y, z relative to the point, and ones.
        let columns = near.map { vertex -> [Double] in
          let p = vertices[vertex] - point
          return [p.x, p.y, p.z, 1]
        }
        let even = 1 / Double(columns.count)
        let gram = (0..<16).map { i in columns.reduce(0) { $0 + $1[i / 4] * $1[i % 4] } }
        let lack = (0..<4).map { i in (i == 3 ? 1 : 0) - even * columns.reduce(0) { $0 + $1[i] } }
        let multiplier = solvePositiveDefinite(gram, lack, width: 1)
        for (vertex, column) in zip(near, columns) {
          let weight = even + zip(column, multiplier).reduce(0) { $0 + $1.0 * $1.1 }
          entries.append((row, vertex, weight / Double(points.count)))
        }
      }
    }
    return CompressedRows(rows: joints.count, columns: vertices.count, entries: entries)
  }
}
