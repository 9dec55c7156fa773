import Layers

/// What one training step sees, on a device. Points are `[batch, points, 3]`, centred.
public struct MAPConNetBatch {
  public let identityPoints, posePoints: Tensor
  public let identityFaces, poseFaces: MeshFaces
  /// Supervised: the identity in the pose, in the identity's vertex order.
  public let target: Tensor?
  /// Unsupervised: the pose mesh's body in another pose, in the pose mesh's vertex order.
  public let secondPose: Tensor?

  public init(
    identityPoints: Tensor, posePoints: Tensor, identityFaces: MeshFaces, poseFaces: MeshFaces, target: Tensor? = nil,
    secondPose: Tensor? = nil
  ) {
    self.identityPoints = identityPoints
    self.posePoints = posePoints
    self.identityFaces = identityFaces
    self.poseFaces = poseFaces
    self.target = target
    self.secondPose = secondPose
  }
}
