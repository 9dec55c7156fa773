import Datasets
import Foundation

/// BVH text of the motion skeleton with given channel values, made from the layout's own description.
enum TestClips {
  /// Offset of each joint from its parent, centimetres.
  static func offset(_ joint: MotionJoint) -> SIMD3<Double> {
    switch joint {
    case .hips: SIMD3(0, 0, 0)
    case .leftUpLeg: SIMD3(9, -10, 3)
    case .rightUpLeg: SIMD3(-9, -10, 3)
    case .leftLeg, .rightLeg: SIMD3(0, -43, 0)
    case .leftFoot, .rightFoot: SIMD3(0, -41, 0)
    case .spine: SIMD3(0, 0, 0)
    case .spine1, .spine2, .neck, .head: SIMD3(0, 12, 0)
    case .leftShoulder: SIMD3(3, 9, 0)
    case .rightShoulder: SIMD3(-3, 9, 0)
    case .leftArm: SIMD3(14, 0, 0)
    case .rightArm: SIMD3(-14, 0, 0)
    case .leftForeArm: SIMD3(28, 0, 0)
    case .rightForeArm: SIMD3(-28, 0, 0)
    case .leftHand: SIMD3(24, 0, 0)
    case .rightHand: SIMD3(-24, 0, 0)
    }
  }

  /// - Parameters:
  ///   - names: joints to be called differently.
  ///   - rows: frames of 63 numbers: root position, then per joint the angles of Rz Ry Rx in degrees.
  static func text(names: [MotionJoint: String] = [:], rows: [[Double]]) -> String {
    var text = "HIERARCHY\n"
    func write(_ joint: MotionJoint) {
      let o = offset(joint)
      text += (joint == .hips ? "ROOT " : "JOINT ") + (names[joint] ?? joint.name) + "\n{\n"
      text += "OFFSET \(o.x) \(o.y) \(o.z)\n"
      text +=
        joint == .hips
        ? "CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation\n"
        : "CHANNELS 3 Zrotation Yrotation Xrotation\n"
      let children = MotionJoint.allCases.filter { $0.parent == joint }
      children.forEach(write)
      if children.isEmpty { text += "End Site\n{\nOFFSET 0 1 0\n}\n" }
      text += "}\n"
    }
    write(.hips)
    text += "MOTION\nFrames: \(rows.count)\nFrame Time: 0.033333\n"
    for row in rows { text += row.map { "\($0)" }.joined(separator: " ") + "\n" }
    return text
  }

  /// A row with random root position and angles of up to `limit` degrees, from a fixed congruential sequence.
  static func row(seed: Int, limit: Double = 80) -> [Double] {
    var state = UInt64(seed) &* 2_654_435_761 &+ 12345
    return (0..<63).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (Double(state >> 33) / Double(1 << 31) * 2 - 1) * limit
    }
  }

  static func clip(rows: [[Double]]) throws -> BVHClip {
    try BVHClip(bytes: [UInt8](text(rows: rows).utf8), name: "test.bvh")
  }
}
