import FileFormats
import Geometry

/// Pictures of 2D skeletons: the input of a model, beside the meshes it predicts.
///
/// The subject's right side is amber, its left side blue, the middle grey.
public struct SkeletonPicture: Sendable {
  static let left = Color(hex: 0x2F6DB5)
  static let right = Color(hex: 0xD9822B)
  static let middle = Color(hex: 0x6B6F76)
  static let ground = Color(hex: 0xF3F1ED)

  public let joints: JointSet

  public init(of joints: JointSet) { self.joints = joints }

  /// Draws a skeleton on a picture.
  ///
  /// - Parameters:
  ///   - positions: Pixel column and row of each joint; joints that are not finite are left out.
  ///   - lineWidth: Of the bones, in pixels.
  /// - Precondition: There is one position per joint of the set.
  public func draw(_ positions: [SIMD2<Double>], on image: inout Image, lineWidth: Double = 7) {
    precondition(positions.count == joints.count, "SkeletonPicture: \(positions.count) of \(joints.count) joints")
    let bones = joints.skeleton.filter { isKnown(positions[$0.x]) && isKnown(positions[$0.y]) }
    for bone in bones {
      let color = color(ofJoint: isMiddle(bone.y) ? bone.x : bone.y)
      image.drawLine(from: positions[bone.x], to: positions[bone.y], width: lineWidth, color: color)
    }
    for (joint, position) in positions.enumerated() where isKnown(position) {
      image.drawDisc(at: position, diameter: 1.9 * lineWidth, color: .init(hex: 0xFFFFFF))
      image.drawDisc(at: position, diameter: 1.4 * lineWidth, color: color(ofJoint: joint))
    }
  }

  /// A picture that shows the whole skeleton on a light ground.
  ///
  /// - Parameter positions: Column and row of each joint in any unit, rows growing downwards.
  public func image(_ positions: [SIMD2<Double>], width: Int = 320, height: Int = 480) -> Image {
    var image = Image(width: width, height: height, color: Self.ground)
    let known = positions.filter(isKnown)
    guard let first = known.first else { return image }
    let low = known.reduce(first, pointwiseMin)
    let high = known.reduce(first, pointwiseMax)
    let size = SIMD2(Double(width), Double(height))
    let scale = (size * 0.84 / pointwiseMax(high - low, SIMD2(repeating: 1e-9))).min()
    draw(positions.map { ($0 - (low + high) / 2) * scale + size / 2 }, on: &image)
    return image
  }

  private func isKnown(_ position: SIMD2<Double>) -> Bool { position.x.isFinite && position.y.isFinite }

  private func isMiddle(_ joint: Int) -> Bool { color(ofJoint: joint) == Self.middle }

  private func color(ofJoint joint: Int) -> Color {
    let name = joints.joints[joint]
    return name.hasPrefix("L_") ? Self.left : name.hasPrefix("R_") ? Self.right : Self.middle
  }
}
