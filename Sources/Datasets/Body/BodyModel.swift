import Compute
import Geometry

/// A parametric human body: a surface that follows a person's parameters and a pose.
///
/// Axes: metres, z up, facing -y, the body's left at +x. Shape is linear, template + sum of coefficient x offset; pose is
/// plain linear blend skinning.
public struct BodyModel: Sendable {
  /// "anny-1722": model and number of vertices.
  public let name: String
  public let faces: [SIMD3<Int32>]
  public let skeleton: Skeleton
  /// `[vertices, 3]`, metres.
  let template: [Float]
  /// `[shapes, vertices, 3]` in units of 0.1 mm.
  let shapes: [Int16]
  /// The factors whose weights multiply to each shape's coefficient.
  let shapeFactors: [[ShapeFactor]]
  /// `[bones]`, metres.
  let boneHeads: [SIMD3<Double>]
  /// `[shapes, bones]`, metres.
  let boneHeadShapes: [SIMD3<Double>]
  let skin: SkinWeights
  /// Linear maps `[joints, vertices]` from the surface to joints, by the name of the joint set.
  public let jointRegressors: [String: CompressedRows]

  static let shapeUnit: Float = 1e-4

  public var vertexCount: Int { template.count / 3 }

  /// The surface before any shape is added.
  public var templateMesh: TriangleMesh {
    let vertices = stride(from: 0, to: template.count, by: 3).map {
      SIMD3(Double(template[$0]), Double(template[$0 + 1]), Double(template[$0 + 2]))
    }
    return TriangleMesh(vertices: vertices, faces: faces)
  }

  public var shapeCount: Int { shapeFactors.count }

  init(
    name: String, faces: [SIMD3<Int32>], skeleton: Skeleton, template: [Float], shapes: [Int16],
    shapeFactors: [[ShapeFactor]], boneHeads: [SIMD3<Double>], boneHeadShapes: [SIMD3<Double>], skin: SkinWeights,
    jointRegressors: [String: CompressedRows]
  ) {
    let vertices = template.count / 3
    precondition(shapes.count == shapeFactors.count * template.count, "BodyModel: one offset per shape and vertex")
    precondition(skin.vertexCount == vertices, "BodyModel: every vertex has skin weights")
    precondition(
      boneHeads.count == skeleton.count && boneHeadShapes.count == shapeFactors.count * skeleton.count,
      "BodyModel: every bone has a head")
    precondition(jointRegressors.values.allSatisfy { $0.columns == vertices }, "BodyModel: regressors span the surface")
    self.name = name
    self.faces = faces
    self.skeleton = skeleton
    self.template = template
    self.shapes = shapes
    self.shapeFactors = shapeFactors
    self.boneHeads = boneHeads
    self.boneHeadShapes = boneHeadShapes
    self.skin = skin
    self.jointRegressors = jointRegressors
  }

  /// Coefficient of every shape: the product of its factors' weights.
  public func coefficients(_ phenotype: Phenotype) -> [Double] {
    let weights = phenotype.factorWeights
    return shapeFactors.map { $0.reduce(1) { $0 * weights[$1.rawValue] } }
  }

  /// The body of one person at rest.
  public func shaped(_ phenotype: Phenotype) -> ShapedBody {
    shaped(coefficients: coefficients(phenotype))
  }

  /// The body at rest with given coefficients, one per shape.
  public func shaped(coefficients: [Double]) -> ShapedBody {
    precondition(coefficients.count == shapeCount, "BodyModel: \(shapeCount) coefficients are needed")
    var vertices = template
    var heads = boneHeads
    for (shape, coefficient) in coefficients.enumerated() where coefficient != 0 {
      let scale = Float(coefficient) * Self.shapeUnit
      let width = vertices.count
      vertices.withUnsafeMutableBufferPointer { vertices in
        shapes.withUnsafeBufferPointer { shapes in
          let offsets = UnsafeBufferPointer(rebasing: shapes[shape * width..<(shape + 1) * width])
          for i in 0..<width { vertices[i] += scale * Float(offsets[i]) }
        }
      }
      for bone in heads.indices { heads[bone] += coefficient * boneHeadShapes[shape * heads.count + bone] }
    }
    return ShapedBody(skeleton: skeleton, skin: skin, vertices: vertices, heads: heads)
  }

  /// The same body on a part of its vertices.
  ///
  /// - Parameters:
  ///   - kept: vertices in their new order.
  ///   - faces: corners counted among the kept.
  func reduced(
    to kept: [Int], faces: [SIMD3<Int32>], name: String, jointRegressors: [String: CompressedRows]
  ) -> BodyModel {
    func select<Value>(_ values: [Value], row: Int) -> [Value] {
      let start = row * template.count
      return kept.flatMap { values[start + 3 * $0..<start + 3 * $0 + 3] }
    }
    return BodyModel(
      name: name, faces: faces, skeleton: skeleton, template: select(template, row: 0),
      shapes: (0..<shapeCount).flatMap { select(shapes, row: $0) }, shapeFactors: shapeFactors, boneHeads: boneHeads,
      boneHeadShapes: boneHeadShapes, skin: skin.reduced(to: kept), jointRegressors: jointRegressors)
  }
}
