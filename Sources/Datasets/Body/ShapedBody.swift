import Geometry

/// One person's body at rest, ready to be posed.
public struct ShapedBody: Sendable {
  public let skeleton: Skeleton
  let skin: SkinWeights
  /// `[vertices, 3]`, metres, rest pose.
  public let vertices: [Float]
  /// Heads of the bones in the rest pose, metres.
  public let heads: [SIMD3<Double>]

  public var vertexCount: Int { vertices.count / 3 }

  /// The surface in a pose: the sum over each vertex's influences of w (G_b (v - h_b) + p_b).
  ///
  /// - Parameters:
  ///   - world: G_b, the world rotation of every bone, see `Skeleton.worldRotations(local:)`.
  ///   - root: where the root's head is put, metres; nil leaves it where the rest pose has it.
  /// - Returns: `[vertices, 3]`, metres.
  /// - Complexity: about 12 multiply-adds per influence.
  public func posed(world: [Matrix3], root: SIMD3<Double>? = nil) -> [Float] {
    precondition(world.count == skeleton.count, "ShapedBody: one rotation per bone is needed")
    let positions = skeleton.headPositions(rest: heads, world: world, root: root ?? heads[0])
    // Three rows per bone: rotation and, in the fourth lane, p_b - G_b h_b.
    var rows: [SIMD4<Float>] = []
    rows.reserveCapacity(3 * world.count)
    for (bone, rotation) in world.enumerated() {
      let shift = positions[bone] - rotation * heads[bone]
      for axis in 0..<3 {
        rows.append(
          SIMD4(
            Float(rotation.x[axis]), Float(rotation.y[axis]), Float(rotation.z[axis]), Float(shift[axis])))
      }
    }
    return [Float](unsafeUninitializedCapacity: vertices.count) { result, count in
      rows.withUnsafeBufferPointer { rows in
        vertices.withUnsafeBufferPointer { rest in
          blend(rows: rows, rest: rest, into: result)
        }
      }
      count = vertices.count
    }
  }

  /// Applies to every vertex the weighted mean of its bones' matrices.
  private func blend(
    rows: UnsafeBufferPointer<SIMD4<Float>>, rest: UnsafeBufferPointer<Float>,
    into result: UnsafeMutableBufferPointer<Float>
  ) {
    skin.start.withUnsafeBufferPointer { start in
      skin.bone.withUnsafeBufferPointer { bone in
        skin.weight.withUnsafeBufferPointer { weight in
          for vertex in 0..<vertexCount {
            var x = SIMD4<Float>()
            var y = SIMD4<Float>()
            var z = SIMD4<Float>()
            for k in Int(start[vertex])..<Int(start[vertex + 1]) {
              let w = weight[k]
              let row = 3 * Int(bone[k])
              x += w * rows[row]
              y += w * rows[row + 1]
              z += w * rows[row + 2]
            }
            let point = SIMD4<Float>(rest[3 * vertex], rest[3 * vertex + 1], rest[3 * vertex + 2], 1)
            result[3 * vertex] = (x * point).sum()
            result[3 * vertex + 1] = (y * point).sum()
            result[3 * vertex + 2] = (z * point).sum()
          }
        }
      }
    }
  }
}
