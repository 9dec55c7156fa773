import Compute
import TestSupport

@testable import MAPConNet

extension MAPConNetSettings {
  /// A run of a few small meshes and a narrow network: a step takes well under a second.
  static func tiny(labelled: Int = 100, usesUnlabelled: Bool = false) -> MAPConNetSettings {
    var settings = MAPConNetSettings()
    settings.model.width = 2
    settings.data.body = .procedural
    (settings.data.identities, settings.data.poses) = (4, 6)
    (settings.data.validationIdentities, settings.data.validationPoses, settings.data.validationPairs) = (1, 1, 1)
    (settings.data.testIdentities, settings.data.testPoses, settings.data.testPairs) = (1, 2, 2)
    (settings.data.labelled, settings.data.usesUnlabelled) = (labelled, usesUnlabelled)
    settings.training.stepsPerEpoch = 4
    settings.training.batch = 1
    return settings
  }
}

/// A strip of triangles over vertices 0 ..< count, turned by `turn` along the vertex list: edges inside belong to two
/// faces, those at the border to one.
func strip(_ count: Int32, turn: Int32 = 0) -> [SIMD3<Int32>] {
  (0..<count - 2).map { SIMD3(($0 + turn) % count, ($0 + 1 + turn) % count, ($0 + 2 + turn) % count) }
}
