import FileFormats
import Foundation
import Geometry

/// A motion clip in the Biovision Hierarchy (BVH) format: a tree of joints and one row of channels per frame.
///
/// The order of a joint's rotation channels is the order of multiplication: `Zrotation Yrotation Xrotation` means
/// Rz Ry Rx. Angles are degrees; the unit of length and the up axis are not stated by the format. The offset of a
/// root that has position channels is not added to them.
public struct BVHClip: Sendable {
  public enum Channel: Sendable, Equatable {
    /// Axis 0, 1, 2: x, y, z.
    case position(axis: Int)
    case rotation(axis: Int)
  }

  public struct Joint: Sendable {
    public let name: String
    /// Index of the parent, nil at the root; parents precede their children.
    public let parent: Int?
    public let offset: SIMD3<Double>
    public let channels: [Channel]
    /// Where the joint's first channel stands in a row.
    public let firstChannel: Int
    /// Offset of the end site below this joint, if it has one.
    public internal(set) var endSite: SIMD3<Double>?
  }

  /// The file's name, for messages.
  public let name: String
  public let joints: [Joint]
  public let channelCount: Int
  public let frameCount: Int
  /// Seconds from one frame to the next.
  public let frameTime: Double
  /// `[frameCount, channelCount]`.
  public let values: [Double]

  /// Reads the file at `path`.
  ///
  /// - Throws: `ComputeError` of kind `.noInput` or `.permission` when it cannot be read, `.data` with the line when it is malformed.
  public init(path: String) throws {
    let file = URL(fileURLWithPath: path)
    try self.init(bytes: [UInt8](InputFile.read(file)), name: file.lastPathComponent)
  }

  /// Reads the text of a clip; `name` stands in messages.
  public init(bytes: [UInt8], name: String) throws {
    var parser = BVHParser(bytes: bytes, name: name)
    self = try parser.clip()
  }

  init(
    name: String, joints: [Joint], channelCount: Int, frameCount: Int, frameTime: Double, values: [Double]
  ) {
    self.name = name
    self.joints = joints
    self.channelCount = channelCount
    self.frameCount = frameCount
    self.frameTime = frameTime
    self.values = values
  }

  /// Rotation of `joint` against its parent in `frame`.
  public func localRotation(joint: Int, frame: Int) -> Matrix3 {
    var rotation = Matrix3.identity
    for (slot, channel) in joints[joint].channels.enumerated() {
      guard case .rotation(let axis) = channel else { continue }
      let degrees = values[frame * channelCount + joints[joint].firstChannel + slot]
      rotation = rotation * Matrix3(axis: axis, radians: degrees * .pi / 180)
    }
    return rotation
  }

  /// Position of `joint` relative to its parent in `frame`: position channels where it has them, else its offset.
  public func localPosition(joint: Int, frame: Int) -> SIMD3<Double> {
    var position = joints[joint].offset
    for (slot, channel) in joints[joint].channels.enumerated() {
      guard case .position(let axis) = channel else { continue }
      position[axis] = values[frame * channelCount + joints[joint].firstChannel + slot]
    }
    return position
  }

  /// World rotations and positions of all joints in `frame`.
  public func worldTransforms(frame: Int) -> (rotations: [Matrix3], positions: [SIMD3<Double>]) {
    var rotations: [Matrix3] = []
    var positions: [SIMD3<Double>] = []
    for (index, joint) in joints.enumerated() {
      let local = localRotation(joint: index, frame: frame)
      let position = localPosition(joint: index, frame: frame)
      guard let parent = joint.parent else {
        rotations.append(local)
        positions.append(position)
        continue
      }
      rotations.append(rotations[parent] * local)
      positions.append(positions[parent] + rotations[parent] * position)
    }
    return (rotations, positions)
  }
}
