import ArgumentParser
import Compute
import FileFormats
import Foundation
import Geometry
import Pose2Mesh
import Rendering
import Training

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Runs a trained model on your data.", subcommands: [Pose2MeshModel.self])

  struct Pose2MeshModel: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pose2mesh",
      abstract: "Makes a body mesh and a picture of every 2D pose in a file.",
      discussion: """
        Reads COCO results JSON and writes pose-1.obj, pose-1.png and so on. Meshes are in metres, relative to the \
        pelvis, as the camera sees them, with y up.
        """)

    @Option(name: .customLong("run"), help: "A run folder; by default the newest one in runs.")
    var source: String?

    @Option(help: "COCO results JSON: [{\"image_id\", \"category_id\", \"keypoints\": [x, y, s, ...], \"score\"}].")
    var keypoints: String

    @Option(help: "What the key points are: coco (17 points) or human36.")
    var jointSet = "coco"

    @Option(help: "The folder for the results.")
    var out = "predictions"

    @Option(help: "cpu, opencl, opencl:N, or auto: the first GPU, else the CPU.")
    var device = "auto"

    func run() throws {
      let folder = try source.map(RunFolder.open) ?? RunFolder.newest(in: "runs")
      let settings = try Pose2MeshOptions.load(folder)
      guard settings.model.jointSet == jointSet else {
        throw ComputeError(
          .configuration,
          what: "\(folder.path) was trained on \(settings.model.jointSet) joints, the key points are \(jointSet)",
          why: "the network knows its input by the joints' order",
          mend:
            "train with --joint-set \(jointSet), or say --joint-set \(settings.model.jointSet) if the file holds these")
      }
      let poses = try KeypointFile(keypoints, of: JointSet(named: jointSet)).poses
      let inputs = try poses.enumerated().flatMap { index, pose in
        do {
          return try PosePreparation(pose.joints).pose.flatMap { [Float($0.x), Float($0.y)] }
        } catch let error as ComputeError {
          throw ComputeError(
            error.kind, what: "\(keypoints), pose \(index + 1): \(error.what)", why: error.why, mend: error.mend)
        }
      }
      let session = try Pose2MeshSession(settings, device: device)
      let flat = try session.network(of: folder).predict(inputs, count: poses.count).mesh
      try write(points(flat, perSample: session.setup.body.vertexCount), faces: session.setup.body.faces)
    }

    private func write(_ meshes: [[SIMD3<Double>]], faces: [SIMD3<Int32>]) throws {
      try AtomicFile.makeFolder(URL(fileURLWithPath: out))
      let picture = MeshPicture(from: .camera, panelSize: SIMD2(480, 720))
      for (index, vertices) in meshes.enumerated() {
        let name = "\(out)/pose-\(index + 1)"
        // Camera axes point right, down and away; viewers of OBJ files expect y up.
        let upright = vertices.map { SIMD3($0.x, -$0.y, -$0.z) }
        try OBJFile(vertices: upright, triangles: faces).write(to: URL(fileURLWithPath: name + ".obj"))
        let image = picture.image(of: TriangleMesh(vertices: vertices, faces: faces), color: .slate)
        try PNG.write(image, to: URL(fileURLWithPath: name + ".png"))
        print("\(name).obj  \(name).png")
      }
    }
  }
}
