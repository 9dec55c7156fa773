import Geometry

/// Samples of projected bodies, one array per quantity, ready for upload.
///
/// Axes are the camera's: x right, y down, z forward.
public struct SampleBatch: Sendable {
  public let count: Int
  /// `[batch, joints, 2]`: standardised 2D joints of the input joint set, the network's input.
  public let pose2D: [Float]
  /// `[batch, vertices, 3]`: metres, relative to the root of the target joint set.
  public let mesh: [Float]
  /// `[batch, target joints, 3]`: millimetres, relative to their root.
  public let targetJoints: [Float]
  /// `[batch, joints, 3]`: millimetres, relative to the root of the input joint set.
  public let liftJoints: [Float]
  /// `[batch, joints, 2]`: pixels in the picture, without the synthetic error.
  public let pixels: [Float]
  /// `[batch]`: turns body axes (z up, facing -y) of a body with heading 0 into camera axes of the sample.
  public let headings: [Matrix3]
  /// `[batch, vertices, 1]`, `[batch, target joints, 1]`, `[batch, joints, 1]`: 1 where the target counts. Every
  /// synthetic sample counts in full.
  public let meshValid, targetValid, liftValid: [Float]

  init(_ samples: [BodySample]) {
    count = samples.count
    pose2D = samples.flatMap(\.pose2D)
    mesh = samples.flatMap(\.mesh)
    targetJoints = samples.flatMap(\.targetJoints)
    liftJoints = samples.flatMap(\.liftJoints)
    pixels = samples.flatMap(\.pixels)
    headings = samples.map(\.heading)
    meshValid = [Float](repeating: 1, count: mesh.count / 3)
    targetValid = [Float](repeating: 1, count: targetJoints.count / 3)
    liftValid = [Float](repeating: 1, count: liftJoints.count / 3)
  }
}

/// One sample, with the fields of `SampleBatch` without their batch axis, and how it came about.
public struct BodySample: Sendable {
  public let phenotype: Phenotype
  public let camera: Camera
  public let pose2D, mesh, targetJoints, liftJoints, pixels: [Float]
  public let heading: Matrix3
}
