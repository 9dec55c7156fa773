import Compute
import Datasets
import FileFormats
import Foundation
import TestSupport
import Testing
import Training

@testable import MAPConNet

/// Runs on a folder of meshes of any size.
@Suite struct FolderTests {
  /// A folder of small random meshes, all identities in all poses, and the settings of a run on it: 0-1 in poses 5-7 to
  /// train on, 4 in 8-9 to test on.
  private func withMeshes(_ body: (URL, MAPConNetSettings) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    try AtomicFile.makeFolder(folder)
    for (identity, poses) in [(0, 5...7), (1, 5...7), (4, 8...9)] {
      for pose in poses {
        var random = RandomSource(seed: UInt64(100 * identity + pose))
        let values = random.signed(3 * 12)
        let vertices = stride(from: 0, to: 36, by: 3).map { SIMD3(values[$0], values[$0 + 1], values[$0 + 2]) }
        try OBJFile(vertices: vertices, triangles: strip(12)).write(
          to: folder.appendingPathComponent("id\(identity)_\(pose).obj"))
      }
    }
    var settings = MAPConNetSettings.tiny()
    settings.data.folder = folder.path
    settings.data.ranges.trainIdentities = "0-1"
    settings.data.ranges.trainPoses = "5, 6-7"
    settings.data.ranges.testIdentities = "4"
    settings.data.ranges.testPoses = "8-9"
    settings.data.testPairs = 3
    settings.data.emdPairs = 2
    try body(folder, settings)
  }

  private func fault(_ settings: MAPConNetSettings) throws -> ComputeError {
    try #require(throws: ComputeError.self) { _ = try MAPConNetSetup(settings) }
  }

  @Test func theDefaultRangesAreThePublishedOnes() throws {
    #expect(try MeshRangeSettings().layout(section: "") == .human)
  }

  @Test func aFolderOfAnotherSizeIsRead() throws {
    try withMeshes { _, settings in
      let setup = try MAPConNetSetup(settings)
      #expect(setup.source.range(.train) == PoseTransferRange(identities: [0, 1], poses: [5, 6, 7]))
      #expect(setup.source.range(.test) == PoseTransferRange(identities: [4], poses: [8, 9]))
      #expect(setup.source.vertexCount == 12)
      // Without validation meshes, training ones choose the best checkpoint.
      #expect(setup.validation.pairs.allSatisfy { [0, 1].contains($0.identityMesh.identity) })
    }
  }

  @Test func validationMeshesAndTestListsMayBeNamed() throws {
    try withMeshes { folder, settings in
      var settings = settings
      settings.data.ranges.trainIdentities = "0"
      settings.data.ranges.validationIdentities = "1"
      settings.data.ranges.validationPoses = "7"
      let list = folder.appendingPathComponent("pairs.txt")
      try AtomicFile.write(Data("id4_9.obj id4_8.obj id4_8.obj\n".utf8), to: list)
      settings.data.testList = list.path
      let setup = try MAPConNetSetup(settings)
      #expect(setup.validation.pairs.allSatisfy { $0.identityMesh == PosedIdentity(identity: 1, pose: 7) })
      #expect(setup.test.pairs.map(\.identityMesh) == [PosedIdentity(identity: 4, pose: 9)])
    }
  }

  @Test func missingMeshesAreNamed() throws {
    try withMeshes { folder, settings in
      var more = settings
      more.data.ranges.trainIdentities = "0-2"
      #expect(try fault(more).what.contains("3 of 11 meshes are missing: id2_5.obj, id2_6.obj, id2_7.obj"))
      more = settings
      more.data.ranges.testPoses = "8-10"
      let error = try fault(more)
      #expect(error.kind == .noInput && error.what.contains("1 of 9 meshes are missing: id4_10.obj"))
      more = settings
      more.data.testList = folder.path + "/none"
      #expect(try fault(more).kind == .noInput)
    }
  }

  @Test(arguments: [
    ("5-", "neither a number"), ("a-b", "neither a number"), ("7-5", "runs backwards"), ("5,6,5", "twice"),
    ("-3", "neither a number"), ("1-2-3", "neither a number"),
  ])
  func textThatIsNoRangeIsRefused(_ text: String, why: String) throws {
    var settings = MAPConNetSettings.tiny()
    settings.data.folder = "."
    settings.data.ranges.trainPoses = text
    let error = try fault(settings)
    #expect(error.kind == .configuration && error.what == "data.ranges.trainPoses is \"\(text)\"")
    #expect(error.why.contains(why), "\(error)")
  }

  @Test func noMeshIsForTrainingAndForTest() throws {
    var settings = MAPConNetSettings.tiny()
    settings.data.folder = "."
    settings.data.ranges.testIdentities = "15-16"
    settings.data.ranges.testPoses = "599-600"
    #expect(try fault(settings).what == "data.ranges: id15_599.obj is for training and for test")
  }

  @Test func rangesNeedAFolder() throws {
    var settings = MAPConNetSettings.tiny()
    settings.data.testList = "list"
    #expect(try fault(settings).what == "data.testList is set, data.folder is not")
  }

  /// A number alone is text too, as everything in config.yaml reads back.
  @Test func rangesAreReadFromText() throws {
    let loader = ConfigurationLoader(defaults: MAPConNetSettings())
    let settings = try loader.load(
      yaml: "data:\n  ranges:\n    trainIdentities: 3\n    trainPoses: 5-7, 9\n", named: "test")
    #expect(settings.data.ranges.trainIdentities == "3" && settings.data.ranges.trainPoses == "5-7, 9")
    #expect(try loader.load(yaml: configurationText(settings), named: "test") == settings)
  }

  // MARK: Evaluation

  /// The table says of what the EMD is; the file has it per pair.
  @Test func theComparisonHoldsTheEMD() throws {
    try withMeshes { folder, settings in
      let runs = folder.path + "/runs"
      for emdPairs in [2, 0] {
        var settings = settings
        settings.data.emdPairs = emdPairs
        let setup = try MAPConNetSetup(settings)
        let run = try RunFolder.create(in: runs, named: "\(emdPairs)", model: "mapconnet")
        let network = try setup.untrainedNetwork(on: Devices.each[0].device)
        let comparison = try MAPConNetComparison(setup, network, untrained: network, in: run)
        let column = try #require(MAPConNetComparison.columns.firstIndex(of: "EMD, 1e-2 m"))
        #expect(comparison.cells.allSatisfy { ($0[column] == "-") == (emdPairs == 0) })
        #expect(comparison.caption.contains("up to 1722 vertices"))
        #expect(comparison.caption.hasSuffix(emdPairs == 0 ? "not measured." : "on the first 2 pairs."))
        let lines = try String(contentsOfFile: run.path + "/pairs.csv", encoding: .utf8).split(separator: "\n")
        #expect(lines[0].hasSuffix(",emd_m") && lines.count == 4)
        #expect(lines.dropFirst().map { $0.hasSuffix(",") } == [emdPairs == 0, emdPairs == 0, true])
      }
    }
  }

  /// Published figures stand beside ours, with what sets them apart.
  @Test func thePublishedTableIsWhole() {
    let table = MAPConNetReport.publishedTable
    #expect(table.rows.count == 6 && table.rows.allSatisfy { $0.count == table.columns.count })
    #expect(table.caption.contains("cannot be compared"))
  }
}
