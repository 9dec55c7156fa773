import Compute
import FileFormats
import Foundation

/// Writes data for pose transfer in the layout of the published human set, which other programs read.
public enum NPTExport {
  /// Writes every identity of each split in every pose of that split as `id{identity}_{pose}.obj` (six decimals), and the
  /// list of test pairs. The folder appears when all of it is written.
  ///
  /// With 16 identities and 400 poses to train on, 14 and 200 to test on, and no validation set, the numbers are those of
  /// the published set.
  ///
  /// - Parameters:
  ///   - folder: must not exist.
  ///   - firstPose: added to the source's pose numbers; published training poses begin at 200.
  ///   - testPairs: length of the list.
  /// - Returns: The layout by which `NPTFolder` reads the folder.
  /// - Throws: `ComputeError` `.configuration` when training or test is empty, `.cannotWrite` when the folder exists or
  ///   cannot be written, and what the source throws.
  @discardableResult
  public static func write(
    _ source: some PoseTransferSource, to folder: URL, firstPose: Int = 200, testPairs: Int = 400, seed: UInt64
  ) throws -> NPTLayout {
    func numbered(_ mesh: PosedIdentity) -> PosedIdentity {
      PosedIdentity(identity: mesh.identity, pose: mesh.pose + firstPose)
    }
    func range(_ split: SampleSplit) -> PoseTransferRange {
      let range = source.range(split)
      return PoseTransferRange(identities: range.identities, poses: range.poses.map { $0 + firstPose })
    }
    var layout = NPTLayout.human
    (layout.train, layout.validation, layout.test) = (range(.train), range(.validation), range(.test))
    try requireMeshes(in: layout.train, "the training split")
    let pairs = try source.pairs(of: .test, count: testPairs, seed: seed).map {
      PoseTransferPair(identityMesh: numbered($0.identityMesh), poseMesh: numbered($0.poseMesh))
    }
    try AtomicFolder.create(folder) { folder in
      for split in SampleSplit.allCases {
        let range = source.range(split)
        for identity in range.identities {
          for pose in range.poses {
            let mesh = PosedIdentity(identity: identity, pose: pose)
            let file = OBJFile(vertices: try source.vertices(mesh), triangles: source.faces)
            try file.write(to: folder.appendingPathComponent(layout.fileName(numbered(mesh))))
          }
        }
      }
      try AtomicFile.write(
        Data(NPTTestList.text(pairs, layout: layout).utf8), to: folder.appendingPathComponent(layout.testList))
    }
    return layout
  }
}
