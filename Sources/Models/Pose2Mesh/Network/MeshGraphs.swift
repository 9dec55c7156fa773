import Geometry
import Layers

/// The constant operators of one mesh topology on a device: what MeshNet convolves with.
public final class MeshGraphs: Sendable {
  /// One graph that MeshNet works on, reduced to its distinct nodes.
  public struct Level: Sendable {
    /// From the next coarser graph (the identity for the coarsest).
    let fromCoarser: Layers.ChebyshevOperators
    let within: Layers.ChebyshevOperators
    let multiplicity: RowMultiplicity
    /// Distinct node of this graph to distinct node of the next coarser one; nil for the coarsest.
    let parent: RowIndex?
    /// Every node, padding included, to its distinct node.
    let expansion: RowIndex

    func upsample(_ x: Tensor) -> Tensor { parent.map { gather(x, $0) } ?? x }
    func expand(_ x: Tensor) -> Tensor { gather(x, expansion) }
  }

  let joint: Layers.ChebyshevOperators
  /// Coarsest first, as MeshNet meets them.
  let levels: [Level]
  /// Vertex of the mesh, in its original order, to distinct node of the finest graph.
  let vertices: RowIndex
  /// `[old, new]` matrices of the skip connections that change their width, by old and new width.
  private let interpolations: [SIMD2<Int>: TensorView]

  /// - Parameters:
  ///   - hierarchy: the coarsened mesh.
  ///   - plan: the network's channels per block.
  ///   - jointLaplacian: unscaled operator of the joint graph.
  public init(
    _ hierarchy: GraphHierarchy, plan: [[Int]], jointLaplacian: CompressedRows, _ elementType: ElementType,
    on device: any Device
  ) {
    let nodes = hierarchy.distinctNodes
    func operators(_ source: Geometry.ChebyshevOperators) -> Layers.ChebyshevOperators {
      Layers.ChebyshevOperators(
        inner: SparseMatrix(source.inner, elementType, on: device),
        outer: SparseMatrix(source.outer, elementType, on: device),
        laplacian: SparseMatrix(source.laplacian, elementType, on: device))
    }
    joint = operators(.init(laplacian: jointLaplacian.roundedToFloat))
    levels = nodes.indices.reversed().map { l in
      let laplacian = nodes[l].scaledLaplacian.roundedToFloat
      let coarser = l + 1 < nodes.count ? nodes[l + 1] : nil
      let within = operators(.init(laplacian: laplacian))
      return Level(
        fromCoarser: coarser.map {
          operators(.init(laplacian: laplacian, upsampling: nodes[l].parent, from: $0.count))
        } ?? within,
        within: within, multiplicity: RowMultiplicity(nodes[l].multiplicity, elementType, on: device),
        parent: coarser.map { RowIndex(nodes[l].parent, sourceRows: $0.count, on: device) },
        expansion: RowIndex(nodes[l].expansion, sourceRows: nodes[l].count, on: device))
    }
    vertices = RowIndex(
      hierarchy.place.prefix(hierarchy.vertexCount).map { nodes[0].expansion[Int($0)] }, sourceRows: nodes[0].count,
      on: device)
    var interpolations: [SIMD2<Int>: TensorView] = [:]
    for channels in plan[1..<plan.count - 1] where channels.first != channels.last {
      let (old, new) = (channels.first!, channels.last!)
      interpolations[SIMD2(old, new)] =
        Tensor(channelInterpolation(from: old, to: new), [old, new], elementType, on: device).view
    }
    self.interpolations = interpolations
  }

  /// How a skip connection changes its width: `[batch, rows, channels]` to `[batch, rows, size]`.
  func resampleChannels(_ x: Tensor, to size: Int) -> Tensor {
    let old = x.shape[2]
    guard let matrix = interpolations[SIMD2(old, size)] else { return x }
    let rows = x.shape[0] * x.shape[1]
    return matmul(x.reshaped([rows, old]), Tensor(matrix, on: x.device)).reshaped([x.shape[0], x.shape[1], size])
  }
}

extension CompressedRows {
  /// The published code rounds its operators once to single precision, also where it computes in double.
  fileprivate var roundedToFloat: CompressedRows {
    CompressedRows(
      rows: rows, columns: columns, rowStart: rowStart, column: column, value: value.map { Double(Float($0)) })
  }
}
