import Geometry

/// The parts of a body that are painted apart.
enum BodyRegion: Sendable, Equatable {
  case head, neck, trunk, pelvis, upperArm, forearm, hand, thigh, shank, foot

  /// The part that a bone of either body model belongs to; nil where the bone has its parent's.
  init?(bone: String) {
    let parts: [(BodyRegion, [String])] = [
      (.head, ["head"]), (.neck, ["neck"]), (.pelvis, ["root", "pelvis", "spine05"]),
      (.trunk, ["spine", "breast", "clavicle", "shoulder"]), (.upperArm, ["upperarm"]), (.forearm, ["lowerarm"]),
      (.hand, ["wrist", "hand", "finger", "metacarpal"]), (.thigh, ["upperleg"]), (.shank, ["lowerleg"]),
      (.foot, ["foot", "toe"]),
    ]
    guard let part = parts.first(where: { $0.1.contains(where: bone.hasPrefix) }) else { return nil }
    self = part.0
  }
}

extension BodyModel {
  /// `[vertices]`: the part of each vertex's heaviest bone.
  var regions: [BodyRegion] {
    var ofBone: [BodyRegion] = []
    for (bone, name) in skeleton.names.enumerated() {
      let parent = skeleton.parents[bone]
      ofBone.append(BodyRegion(bone: name) ?? (parent < 0 ? .pelvis : ofBone[parent]))
    }
    // Influences are sorted, the heaviest first.
    return (0..<vertexCount).map { ofBone[Int(skin.bone[Int(skin.start[$0])])] }
  }
}
