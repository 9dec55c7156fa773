import Geometry
import Layers

/// The normal and edge-length losses over a mesh's faces, and their gradient, one kernel each.
///
/// For each face (a, b, c) with target normal n and the edges ab, ac, bc:
///
///     normal = mean of |dot(unit(edge), n)|,   edge = mean of | |edge| - |target edge| |
///
/// with unit(v) = v / max(|v|, 1e-12). A predicted edge of zero length has zero gradient.
public struct SurfaceLoss: Sendable {
  let faceCount: Int
  /// `[3 faces, vertices]`: edge vectors from vertex positions, edges ab, ac, bc of each face in turn.
  let edges: SparseMatrix

  public init(faces: [SIMD3<Int32>], vertexCount: Int, _ elementType: ElementType, on device: any Device) {
    var entries: [(row: Int, column: Int, value: Double)] = []
    for (f, face) in faces.enumerated() {
      let (a, b, c) = (Int(face.x), Int(face.y), Int(face.z))
      for (k, (from, to)) in [(a, b), (a, c), (b, c)].enumerated() {
        entries.append((3 * f + k, from, -1))
        entries.append((3 * f + k, to, 1))
      }
    }
    faceCount = faces.count
    edges = SparseMatrix(
      CompressedRows(rows: 3 * faces.count, columns: vertexCount, entries: entries), elementType, on: device)
  }

  /// - Parameters:
  ///   - predicted, target: `[batch, vertices, 3]`; no gradient flows to the target.
  /// - Returns: `[2]`: the weighted normal and edge losses.
  func callAsFunction(_ predicted: Tensor, target: Tensor, normalWeight: Double, edgeWeight: Double) -> Tensor {
    let device = predicted.device
    let batch = predicted.shape[0]
    let (normals, lengths) = targetGeometry(target)
    let edges = spmm(self.edges, predicted)
    let inputs =
      components(edges.view, batch) + (0..<3).map { normals.selecting(axis: 2, $0).expanded(axis: 2) } + [lengths]
    let domain = [batch, faceCount, 3]
    let result = device.allocate(predicted.elementType, [2])
    let sums = (0..<2).map { result.sliced(axis: 0, $0..<$0 + 1).reshaped([1, 1, 1]) }
    let scalars = [normalWeight, edgeWeight].map { $0 / Double(domain.reduce(1, *)) }
    device.reduce(.sum, lossProgram, inputs, scalars: scalars, domain: domain, into: sums)
    return .recording(
      "surfaceLoss", result, from: [edges], saving: [edges.view] + inputs.suffix(4)
    ) { gradients, saved in
      let upstream = gradients.upstream
      gradients.accumulate(0) { destination, beta in
        precondition(beta == 0, "surfaceLoss: its edge vectors have one use")
        device.map(
          lossGradient,
          components(saved[0], batch) + saved.suffix(4)
            + (0..<2).map { upstream.sliced(axis: 0, $0..<$0 + 1).reshaped([1, 1, 1]) },
          scalars: scalars, into: components(destination, batch))
      }
    }
  }

  /// Unit normals `[batch, faces, 3]` and edge lengths `[batch, faces, 3]` of the target.
  private func targetGeometry(_ target: Tensor) -> (normals: TensorView, lengths: TensorView) {
    let device = target.device
    let batch = target.shape[0]
    let edges = spmm(self.edges, target.detached).view
    let byEdge = components(edges, batch)
    let lengths = device.allocate(target.elementType, [batch, faceCount, 3])
    device.map(lengthProgram, byEdge, into: [lengths])
    let normals = device.allocate(target.elementType, [batch, faceCount, 3])
    let twoEdges = (0..<2).flatMap { k in byEdge.map { $0.selecting(axis: 2, k) } }
    device.map(normalProgram, twoEdges, into: (0..<3).map { normals.selecting(axis: 2, $0) })
    return (normals, lengths)
  }

  /// The x, y and z components of `[batch, 3 faces, 3]` edge vectors, each `[batch, faces, 3 edges]`.
  private func components(_ edges: TensorView, _ batch: Int) -> [TensorView] {
    let byFace = edges.reshaped([batch, faceCount, 3, 3])
    return (0..<3).map { byFace.selecting(axis: 3, $0) }
  }
}

private typealias Vector = [ScalarExpression]

private func norm(_ v: Vector) -> ScalarExpression {
  let square = v[0] * v[0] + v[1] * v[1] + v[2] * v[2]
  return sqrt(square)
}

private func unit(_ v: Vector) -> Vector {
  let length = max(norm(v), 1e-12)
  return v.map { $0 / length }
}

private func cross(_ a: Vector, _ b: Vector) -> Vector {
  [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// Inputs: edge, target normal, target length. Scalars: the two factors.
private let lossProgram = ElementwiseProgram("surfaceLoss", inputs: 7, scalars: 2) { x, s in
  let edge = Array(x[0..<3])
  let length = norm(edge)
  let bounded = max(length, 1e-12)
  let along = x[0] * x[3] + x[1] * x[4] + x[2] * x[5]
  return [s[0] * abs(along / bounded), s[1] * abs(length - x[6])]
}
private let lossGradient = lossProgram.gradient(ofInputs: [0, 1, 2])
private let lengthProgram = ElementwiseProgram("edgeLength", inputs: 3) { x, _ in [norm(x)] }
private let normalProgram = ElementwiseProgram("faceNormal", inputs: 6) { x, _ in
  unit(cross(unit(Array(x[0..<3])), unit(Array(x[3..<6]))))
}
