import Geometry
import Layers

/// What a batch is compared with.
public struct Pose2MeshTargets {
  /// `[batch, vertices, 3]`, metres, relative to the target set's root.
  public let mesh: Tensor
  /// `[batch, vertices, 1]`: 1 where the mesh may be trusted.
  public let meshValid: Tensor
  /// `[batch, target joints, 3]`, millimetres, with their mask `[batch, target joints, 1]`.
  public let joints, jointsValid: Tensor
  /// `[batch, joints, 3]`, millimetres, PoseNet's target, with its mask `[batch, joints, 1]`.
  public let lift, liftValid: Tensor

  public init(mesh: Tensor, meshValid: Tensor, joints: Tensor, jointsValid: Tensor, lift: Tensor, liftValid: Tensor) {
    self.mesh = mesh
    self.meshValid = meshValid
    self.joints = joints
    self.jointsValid = jointsValid
    self.lift = lift
    self.liftValid = liftValid
  }
}

/// The factors of the loss terms (section 3.3 of the paper; the joint terms count millimetres).
public struct Pose2MeshLossWeights: Sendable, Equatable {
  public var vertex = 1.0
  public var normal = 0.1
  /// Applied only in epochs after `edge_loss_start`.
  public var edge = 20.0
  public var joint = 1e-3
  public var lift = 1e-3

  public init() {}
}

/// The five loss terms of Pose2Mesh, each a mean over all elements; masked elements count as 0.
public struct Pose2MeshLoss: Sendable {
  let surface: SurfaceLoss
  /// `[target joints, vertices]`.
  let regressor: SparseMatrix

  public init(
    faces: [SIMD3<Int32>], vertexCount: Int, regressor: CompressedRows, _ elementType: ElementType,
    on device: any Device
  ) {
    surface = SurfaceLoss(faces: faces, vertexCount: vertexCount, elementType, on: device)
    self.regressor = SparseMatrix(regressor, elementType, on: device)
  }

  /// Weighted terms on the device; `values` waits for them.
  public struct Terms {
    public let vertex, joint, lift: Tensor
    /// `[2]`: normal and edge.
    public let surface: Tensor
    /// `[batch, target joints, 3]`, millimetres.
    public let joints: Tensor

    /// What a backward pass starts from.
    public var all: [Tensor] { [vertex, surface, joint, lift] }

    public func values() throws -> [(name: String, value: Double)] {
      let normalAndEdge = try surface.doubles()
      return [
        ("vertex", try vertex.doubles()[0]), ("normal", normalAndEdge[0]), ("edge", normalAndEdge[1]),
        ("joint", try joint.doubles()[0]), ("lift", try lift.doubles()[0]),
      ]
    }
  }

  public func callAsFunction(
    _ output: Pose2MeshNetwork.Output, _ targets: Pose2MeshTargets, weights: Pose2MeshLossWeights
  ) -> Terms {
    let joints = fused("millimetres", spmm(regressor, output.mesh)) { $0 * 1000 }
    return Terms(
      vertex: maskedAbsolute("vertexLoss", output.mesh, targets.mesh, targets.meshValid, weight: weights.vertex),
      joint: maskedAbsolute("jointLoss", joints, targets.joints, targets.jointsValid, weight: weights.joint),
      lift: maskedAbsolute("liftLoss", output.pose3D, targets.lift, targets.liftValid, weight: weights.lift),
      surface: surface(
        output.mesh, target: targets.mesh, normalWeight: weights.normal, edgeWeight: weights.edge),
      joints: joints)
  }

  /// The loss of PoseNet's pre-training: the mean absolute error in millimetres.
  public static func lift(_ pose3D: Tensor, _ target: Tensor, valid: Tensor) -> Tensor {
    maskedAbsolute("liftLoss", pose3D, target, valid, weight: 1)
  }
}

/// weight * mean of |x mask - target mask| over every element, as `[1]`.
private func maskedAbsolute(_ name: String, _ x: Tensor, _ target: Tensor, _ mask: Tensor, weight: Double) -> Tensor {
  fusedSum(name, [x, target, mask], scalars: [weight / Double(x.shape.reduce(1, *))]) { x, s in
    [s[0] * abs(x[0] * x[2] - x[1] * x[2])]
  }[0]
}
