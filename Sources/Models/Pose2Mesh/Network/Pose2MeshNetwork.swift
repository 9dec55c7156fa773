import Geometry
import Layers

/// Pose2Mesh: PoseNet and MeshNet over one mesh topology, with their parameters on a device.
public final class Pose2MeshNetwork {
  public let architecture: Pose2MeshArchitecture
  public let hierarchy: GraphHierarchy
  public let parameters: ParameterStore
  public let poseNet: PoseNet
  public let meshNet: MeshNet
  let graphs: MeshGraphs

  public struct Output {
    /// `[batch, joints, 3]`, millimetres, relative to the root.
    public let pose3D: Tensor
    /// `[batch, distinct nodes, 3]`, metres.
    public let nodes: Tensor
    /// `[batch, vertices, 3]`, metres, in the mesh's own vertex order.
    public let mesh: Tensor
  }

  /// Parameters are zero until `initialize` or a checkpoint fills them.
  public init(
    _ architecture: Pose2MeshArchitecture, hierarchy: GraphHierarchy, _ elementType: ElementType = .float32,
    on device: any Device
  ) throws {
    let plan = try architecture.channelPlan()
    let joints = architecture.jointSet.count
    self.architecture = architecture
    self.hierarchy = hierarchy
    poseNet = PoseNet(joints: joints, hidden: architecture.hidden, dropout: architecture.dropout)
    meshNet = MeshNet(plan: plan, joints: joints, coarsestNodes: hierarchy.levels[architecture.levels - 2].size)
    parameters = ParameterStore(
      poseNet.declarations + meshNet.declarations,
      counters: (poseNet.norms + [poseNet.unusedNorm] + meshNet.norms.joined()).map(\.counter), elementType, on: device)
    graphs = MeshGraphs(
      hierarchy, plan: plan, jointLaplacian: architecture.jointSet.laplacian(), elementType, on: device)
  }

  /// Starts all parameters as the published code does.
  public func initialize(seed: UInt64) {
    parameters.initialize(poseNet.initialization + meshNet.initialization, seed: seed)
  }

  /// - Parameters:
  ///   - pose2D: `[batch, joints, 2]`, standardised.
  ///   - dropoutMasks: replaces PoseNet's random dropout (reference traces).
  public func callAsFunction(
    _ pose2D: Tensor, _ pass: ForwardPass, dropoutMasks: [Tensor]? = nil, taps: Taps? = nil
  ) -> Output {
    let pose3D = poseNet(pose2D, pass, masks: dropoutMasks, taps: taps)
    let metres = fused("metres", architecture.detachesPose ? pose3D.detached : pose3D) { $0 * 0.001 }
    let nodes = meshNet(concatenate([pose2D, metres]), graphs, pass, taps: taps)
    return Output(pose3D: pose3D, nodes: nodes, mesh: gather(nodes, graphs.vertices))
  }

  /// Every node of the finest graph, padding included, in the order of the binary tree: `[batch, nodes, 3]`.
  func permuted(_ output: Output) -> Tensor { graphs.levels.last!.expand(output.nodes.detached) }
}
