import Datasets
import Layers

extension MAPConNetNetwork {
  /// Puts the pose of one mesh on the body of another, without recording.
  ///
  /// - Throws: What the device's faults are, and `ComputeError` `.data` when the result is not finite.
  public func transferred(pose: TransferMesh, to identity: TransferMesh) throws -> MovedMesh {
    let result = transferred(pose: pose.points, to: identity.points)
    let output = try parameters.device.download(result.refined.view, as: Float.self)
    guard output.allSatisfy(\.isFinite) else {
      throw ComputeError(
        .data, what: "the network places vertices at no finite point",
        why: "its parameters hold numbers that are not finite, or far too large: its training has diverged",
        mend: "train again with a lower training.learningRate, or use another run")
    }
    return identity.moved(to: output)
  }

  /// One transfer, without recording, between points `[points, 3]`; the results are in the order of the identity's.
  public func transferred(pose: [Float], to identity: [Float]) -> Transfer {
    func tensor(_ points: [Float]) -> Tensor {
      Tensor(points, [1, points.count / 3, 3], .float32, on: parameters.device)
    }
    let pass = ForwardPass(parameters, isTraining: false)
    let posePoints = tensor(pose)
    return transfer(
      identity: encode(tensor(identity), pass), pose: encode(posePoints, pass), posePoints: posePoints, pass)
  }
}
