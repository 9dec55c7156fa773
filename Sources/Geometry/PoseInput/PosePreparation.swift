/// Everything between joints in picture pixels and the network's 2D input.
public struct PosePreparation: Sendable, Equatable {
  /// The box that was cut out.
  public let box: BoundingBox
  public let crop: InputCrop
  /// Joints in crop pixels, with the synthetic error and the flip where there are any.
  public let cropJoints: [SIMD2<Double>]
  /// The network's input.
  public let pose: [SIMD2<Double>]

  /// Prepares a detected or exact pose: crop, then standardisation.
  ///
  /// - Parameter joints: in picture pixels.
  /// - Throws: `ComputeError` of kind `.data` for poses without extent.
  public init(_ joints: [SIMD2<Double>]) throws {
    box = try BoundingBox(around: joints).workingBox()
    crop = InputCrop(of: box)
    cropJoints = joints.map { [crop] in crop($0) }
    pose = try standardised(cropJoints)
  }

  /// Prepares a training sample: crop, synthetic error, flip, standardisation.
  ///
  /// - Parameters:
  ///   - joints: exact joints of `set`, in picture pixels.
  ///   - addsError: whether to disturb them as a detector would; joint sets without an error model stay exact.
  /// - Throws: `ComputeError` of kind `.data` for poses without extent.
  public init(
    _ joints: [SIMD2<Double>], of set: JointSet, addsError: Bool, augmentation: PoseAugmentation = .none,
    using random: inout some RandomNumberGenerator
  ) throws {
    let tight = BoundingBox(around: joints)
    box = try tight.workingBox()
    crop = InputCrop(of: box, rotation: augmentation.rotation)
    var disturbed = joints.map { [crop] in crop($0) }
    if addsError, set == .human36 {
      disturbed = DetectionNoise.applied(to: disturbed, using: &random)
    } else if addsError, set == .coco {
      let area = tight.size.x * tight.size.y * crop.scale * crop.scale
      disturbed = KeypointConfusion.applied(to: disturbed, area: area, using: &random)
    }
    cropJoints = augmentation.applied(toCrop: disturbed, of: set)
    pose = try standardised(cropJoints)
  }
}
